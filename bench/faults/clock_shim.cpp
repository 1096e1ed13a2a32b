// The other half of the shim: the real-time clock jumps by what the mapped file says. The monotonic ones go on as they are.
#include "bench/faults/shim_process.hpp"

#include <cstdlib>
#include <ctime>

#include <dlfcn.h>
#include <sys/time.h>

namespace ingot::bench {

namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;

bool initialised = false;
__attribute__((constructor)) void begin() {
  block_of_process();
  initialised = true;
}

/// By how much the clock is wrong. 0 while this library is not initialised yet.
std::int64_t offset_ns() noexcept {
  auto* block = initialised ? block_of_process() : nullptr;
  return block == nullptr ? 0 : block->clock_offset_ns.load(std::memory_order_relaxed);
}

timespec shifted(const timespec& t, std::int64_t by_ns) noexcept {
  const auto ns = t.tv_sec * ns_per_s + t.tv_nsec + by_ns;
  const auto s = ns >= 0 ? ns / ns_per_s : -((ns_per_s - 1 - ns) / ns_per_s);
  return {s, ns - s * ns_per_s};
}

template <class Function>
Function* real_function(const char* name) {
  auto* found = reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
  if (found == nullptr)
    std::abort();
  return found;
}

timespec now() noexcept {
  timespec t{};
  ::clock_gettime(CLOCK_REALTIME, &t);
  return t;
}

} // namespace

} // namespace ingot::bench

using namespace ingot::bench;

// NOLINTBEGIN: the C library's own names and parameters
extern "C" {

int clock_gettime(clockid_t clock, timespec* to) noexcept {
  static auto* const real = real_function<decltype(clock_gettime)>("clock_gettime");
  const int code = real(clock, to);
  if (code == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    *to = shifted(*to, offset_ns());
  return code;
}

int gettimeofday(timeval* __restrict to, void* __restrict) noexcept {
  const auto t = now();
  *to = {t.tv_sec, t.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* to) noexcept {
  const auto t = now();
  if (to != nullptr)
    *to = t.tv_sec;
  return t.tv_sec;
}

int timespec_get(timespec* to, int base) noexcept {
  if (base != TIME_UTC)
    return 0;
  *to = now();
  return base;
}

} // extern "C"
// NOLINTEND
