#include <cstddef>
#include <stdexcept>
#include <vector>

// A dense matrix, row by row.
class Matrix {
public:
    Matrix(std::size_t rows, std::size_t cols) : rows_(rows), cols_(cols), data_(rows * cols, 0.0) {}

    std::size_t rows() const { return rows_; }
    std::size_t cols() const { $0 }

    double& at(std::size_t row, std::size_t col) { return data_[row * cols_ + col]; }
    double at(std::size_t row, std::size_t col) const { return data_[row * cols_ + col]; }

    Matrix operator+(const Matrix& other) const {
        if (rows_ != other.rows_ || cols_ != other.cols_) {
            throw std::invalid_argument("shapes differ");
        }
        Matrix sum(rows_, cols_);
        for (std::size_t i = 0; i < data_.size(); ++i) {
            sum.data_[i] = data_[i] + other.data_[i];
        }
        return sum;
    }

    Matrix transposed() const {
        Matrix result(cols_, rows_);
        for (std::size_t row = 0; row < rows_; ++row) {
            for (std::size_t col = 0; col < cols_; ++col) {
                result.at(col, row) = at(row, col);
            }
        }
        return result;
    }

private:
    std::size_t rows_;
    std::size_t cols_;
    std::vector<double> data_;
};
