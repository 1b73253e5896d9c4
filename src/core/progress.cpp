#include "core/progress.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "core/clock.h"
#include "core/log.h"

namespace sana {
namespace {

class SilentProgress : public ProgressSink {
 public:
  void begin(const std::string&, int64_t, const std::string&) override {}
  void advance(int64_t) override {}
  void end() override {}
};

// Counts and clocks of a phase, common to the bar and the lines.
class ConsoleProgress : public ProgressSink {
 public:
  void begin(const std::string& phase, int64_t total, const std::string& unit) override {
    phase_ = phase, unit_ = unit, total_ = total, done_ = 0;
    start_ = last_shown_ = SteadyClock::now();
    show();
  }
  void advance(int64_t count) override {
    done_ += count;
    if (seconds_since(last_shown_) < interval()) return;
    last_shown_ = SteadyClock::now();
    show();
  }
  void end() override { show_end(); }

 protected:
  virtual double interval() const = 0;
  virtual void show() = 0;
  virtual void show_end() = 0;

  // "120/480 clips, 3.2 clips/s, 1m 52s left"
  std::string status() const {
    const double elapsed = seconds_since(start_);
    std::string text = total_ > 0 ? fmt::format("{}/{} {}", done_, total_, unit_)
                                  : fmt::format("{} {}", done_, unit_);
    if (done_ <= 0 || elapsed <= 0.0) return text;
    const double rate = static_cast<double>(done_) / elapsed;
    text += rate >= 1.0 ? fmt::format(", {:.1f} {}/s", rate, unit_)
                        : fmt::format(", {} each", duration_string(1.0 / rate));
    if (done_ < total_) {
      text += fmt::format(", {} left", duration_string(static_cast<double>(total_ - done_) / rate));
    }
    return text;
  }
  std::string summary() const {
    return fmt::format("{}: {} {} in {}", phase_, done_, unit_,
                       duration_string(seconds_since(start_)));
  }
  double fraction() const {
    if (total_ <= 0) return 0.0;
    return std::clamp(static_cast<double>(done_) / static_cast<double>(total_), 0.0, 1.0);
  }
  const std::string& phase() const { return phase_; }

 private:
  std::string phase_, unit_;
  int64_t total_ = 0, done_ = 0;
  SteadyClock::time_point start_, last_shown_;
};

class LineProgress : public ConsoleProgress {
 private:
  double interval() const override { return 30.0; }
  void show() override { log::info("{}: {}", phase(), status()); }
  void show_end() override { log::info("{}", summary()); }
};

class BarProgress : public ConsoleProgress {
 private:
  static constexpr int kWidth = 24;

  double interval() const override { return 0.1; }
  void show() override {
    const int filled = static_cast<int>(fraction() * kWidth);
    const std::string bar = std::string(static_cast<size_t>(filled), '#') +
                            std::string(static_cast<size_t>(kWidth - filled), '.');
    std::fprintf(stderr, "\r\x1b[K%s [%s] %s", phase().c_str(), bar.c_str(), status().c_str());
    std::fflush(stderr);
    log::set_line_open(true);
  }
  // The message erases the bar.
  void show_end() override { log::info("{}", summary()); }
};

}  // namespace

std::unique_ptr<ProgressSink> make_console_progress() {
  if (::isatty(STDERR_FILENO) == 1) return std::make_unique<BarProgress>();
  return std::make_unique<LineProgress>();
}

std::unique_ptr<ProgressSink> make_silent_progress() { return std::make_unique<SilentProgress>(); }

std::string duration_string(double seconds) {
  if (!std::isfinite(seconds)) return "unknown time";
  if (seconds < 59.95) return fmt::format("{:.1f} s", std::max(seconds, 0.0));
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{}m {:02}s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{}h {:02}m", whole / 3600, whole / 60 % 60);
  return fmt::format("{}d {:02}h", whole / 86400, whole / 3600 % 24);
}

}  // namespace sana
