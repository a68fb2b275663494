#include <vector>
#include "shop.hpp"

using std::string;

namespace shop {

template <typename T>
class [[deprecated]] Shop final : public Base<T>, private detail::Priced {
public:
    explicit Shop(std::string name, int tries = 3);
    virtual ~Shop() = default;
    [[nodiscard]] const std::string &name() const { return name_; }
    auto total(const std::vector<T> &items, T &&first) -> double;

private:
    std::string name_;
    std::vector<T> *items_ = nullptr;
};

enum class Payment { cash, card };

template <typename... Args>
void log(Args &&...args) {
    auto later = [](int n) -> int { return n; };
    print(std::forward<Args>(args)..., later(1));
}

}  // namespace shop

double shop::Item::price(const char *currency) const {
    return rate(currency) * 2;
}
