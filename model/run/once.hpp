#pragma once
#include <optional>

#include <oneapi/tbb/collaborative_call_once.h>

namespace greenweave {

/// A value that is made once, by the first that asks for it; whoever asks meanwhile helps, and waits. If making it
/// throws, the next that asks tries again.
template <class T>
class Once {
 public:
  template <class Make>
  const T& get(const Make& make) {
    tbb::collaborative_call_once(made_, [&] { value_.emplace(make()); });
    return *value_;
  }

 private:
  tbb::collaborative_once_flag made_;
  std::optional<T> value_;
};

}  // namespace greenweave
