#include "mod_wsflow/limits/wait_thread.hpp"

#include <algorithm>

#include "mod_wsflow/os/signal_mask.hpp"
#include "mod_wsflow/os/thread_name.hpp"

namespace wsflow::limits {

namespace {
constexpr std::uint64_t kNoWait = 0;  // token of the bell and the inbox
}

bool WaitThread::start() {
  if (!poller_.valid() || !inbox_.valid() || !poller_.watch_level(inbox_.fd(), kNoWait)) return false;
  // Without a bell the rounds find the grants.
  if (bell_ >= 0 && !poller_.watch_writes(bell_, kNoWait)) return false;
  const os::BlockSignals blocked;
  thread_ = std::thread([this]() noexcept { run(); });
  os::name_thread(thread_, "wsflow-wait");
  return true;
}

void WaitThread::stop() noexcept {
  if (!thread_.joinable()) return;
  ending_.store(true);
  inbox_.ring();
  thread_.join();
}

void WaitThread::add(Wait& wait) {
  const base::MutexLock lock(mutex_);
  wait.token = next_token_++;
  waits_.emplace(wait.token, &wait);
  // If the kernel cannot watch the client, only its early leaving goes unnoticed.
  if (wait.client >= 0) poller_.watch_hang_up(wait.client, wait.token);
  inbox_.ring();
}

void WaitThread::remove(Wait& wait) noexcept {
  const base::MutexLock lock(mutex_);
  if (waits_.erase(wait.token) != 0 && wait.client >= 0) poller_.unwatch(wait.client);
}

void WaitThread::end(Waits::iterator at, Wait::End how) noexcept {
  auto& wait = *at->second;
  if (wait.client >= 0) poller_.unwatch(wait.client);
  waits_.erase(at);
  wait.end.store(how, std::memory_order_release);
  wait.wake();
}

void WaitThread::give_up(Waits::iterator at, Wait::End how, LimitReason reason, Micros now) noexcept {
  auto& wait = *at->second;
  end(at, limiter_.withdraw(wait.permit, reason, now, wait.refused) ? how : Wait::End::granted);
}

void WaitThread::end_denied(Micros now) noexcept {
  for (auto at = waits_.begin(); at != waits_.end();) {
    const auto current = at++;
    if (std::find(denied_.begin(), denied_.end(), current->second->permit) != denied_.end())
      give_up(current, Wait::End::denied, LimitReason::timeout, now);
  }
}

int WaitThread::look(Micros now) {
  permits_.clear();
  denied_.clear();
  auto next = now + kRound;
  for (auto at = waits_.begin(); at != waits_.end();) {
    const auto current = at++;
    const auto& wait = *current->second;
    if (limiter_.state(wait.permit) == PermitState::held) {
      end(current, Wait::End::granted);
    } else if (now >= wait.until) {
      give_up(current, Wait::End::timeout, LimitReason::timeout, now);
    } else {
      permits_.push_back(wait.permit);
      next = std::min(next, wait.until);
    }
  }
  if (permits_.empty()) return -1;
  denied_.reserve(permits_.size());
  if (const auto due = limiter_.look_after(permits_, now, &denied_); due != 0) next = std::min(next, due);
  if (!denied_.empty()) end_denied(now);
  return static_cast<int>(std::max<Micros>((next - now + 999) / 1000, 1));
}

void WaitThread::run() {
  int timeout = -1;
  while (!ending_.load()) {
    const auto ready = poller_.wait(timeout);
    inbox_.clear();
    const base::MutexLock lock(mutex_);
    const auto time = now();
    for (const auto& each : ready) {
      const auto at = waits_.find(each.token);
      if (each.hang_up && at != waits_.end())
        give_up(at, Wait::End::client_gone, LimitReason::client_gone, time);
    }
    timeout = look(time);
  }
}

}  // namespace wsflow::limits
