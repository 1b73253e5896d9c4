#include "core/distributed/c10d_store.h"

#if SANA_HAS_C10D
#include <c10/util/Logging.h>

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <utility>

#include "core/distributed/within.h"
#include "core/environment.h"
#include "core/error.h"

namespace sana {
namespace {

// For the store's own message to come first.
constexpr auto kMargin = std::chrono::seconds(1);

class StoreBoard final : public Board {
 public:
  explicit StoreBoard(c10::intrusive_ptr<c10d::Store> store) : store_(std::move(store)) {}

  void put(const std::string& key, const std::string& text) override { store_->set(key, text); }

  std::optional<std::string> find(const std::string& key) override {
    if (!store_->check({key})) return std::nullopt;
    return store_->get_to_str(key);
  }

  std::vector<std::string> get(const std::vector<std::string>& keys) override {
    std::vector<std::string> texts;
    for (const auto& bytes : store_->multiGet(keys)) texts.emplace_back(bytes.begin(), bytes.end());
    return texts;
  }

  std::string put_first(const std::string& key, const std::string& text) override {
    const std::string there = store_->compareSet(key, "", text);
    return there.empty() ? text : there;
  }

 private:
  c10::intrusive_ptr<c10d::Store> store_;
};

// Warnings of c10d, each with a list of addresses, tell what an error of ours tells.
void warn_no_more() {
  if (environment_text("TORCH_CPP_LOG_LEVEL").empty()) FLAGS_caffe2_log_level = 2;  // errors
}

}  // namespace

c10::intrusive_ptr<c10d::Store> open_store(const TablePlace& place, bool is_holder,
                                           std::chrono::milliseconds timeout) {
  warn_no_more();
  c10d::TCPStoreOptions options;
  options.port = place.port;
  options.isServer = is_holder;
  options.waitWorkers = false;
  options.timeout = timeout;
  c10::intrusive_ptr<c10d::Store> store;
  try {
    const auto opened = std::make_shared<c10::intrusive_ptr<c10d::Store>>();
    // A program that took the port and says nothing would be waited for without end.
    within(
        timeout + kMargin,
        [=] { *opened = c10::make_intrusive<c10d::TCPStore>(place.host, options); },
        "who listens there does not answer");
    store = *opened;
  } catch (const std::exception& error) {
    const std::string all = error.what();
    throw EnvironmentError(fmt::format("{} cannot {} {}: {}", host_name(),
                                       is_holder ? "open the port of" : "reach", place.text(),
                                       all.substr(0, all.find('\n'))));
  }
  if (place.prefix.empty()) return store;
  return c10::make_intrusive<c10d::PrefixStore>(place.prefix, store);
}

std::unique_ptr<Board> board_of_store(c10::intrusive_ptr<c10d::Store> store) {
  return std::make_unique<StoreBoard>(std::move(store));
}

}  // namespace sana
#endif
