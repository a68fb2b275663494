#include <string>
#include <vector>

namespace text {

std::vector<std::string> split(const std::string &line, char separator) {
    std::vector<std::string> parts;
    std::size_t start = 0;
    while (true) {
        const auto end = line.find(separator, start);
        if (end == std::string::npos) {
            $0
            return parts;
        }
        parts.push_back(line.substr(start, end - start));
        start = end + 1;
    }
}

}  // namespace text
