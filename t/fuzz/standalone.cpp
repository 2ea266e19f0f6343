// Replays each file of a corpus directory through a fuzz target.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s corpus-directory\n", argv[0]);
    return 2;
  }
  std::error_code error;
  int replayed = 0;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1], error)) {
    if (!entry.is_regular_file()) continue;
    const std::string name = entry.path().string();
    std::ifstream file(name, std::ios::binary);
    // Copied to its exact size, so that a sanitizer sees a read behind the end.
    const std::vector<char> content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file) {
      std::fprintf(stderr, "%s: cannot be read\n", name.c_str());
      return 1;
    }
    std::printf("%s\n", name.c_str());
    std::fflush(stdout);  // names the culprit when the target aborts
    const std::vector<std::uint8_t> bytes(content.begin(), content.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    ++replayed;
  }
  if (error || replayed == 0) {
    std::fprintf(stderr, "%s: %s\n", argv[1], error ? error.message().c_str() : "the corpus is empty");
    return 1;
  }
  return 0;
}
