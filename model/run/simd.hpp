#pragma once
// Kernels that stream long arrays are compiled twice, for wide registers and for any x86-64; the program picks one when
// it starts. Both give the same bits, for nothing is contracted or summed in another order.
#include <cstdint>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define GREENWEAVE_WIDE [[gnu::target_clones("avx2", "default")]]
#else
#define GREENWEAVE_WIDE
#endif

namespace greenweave {

/// `lanes` values that are worked on together: a plain number for one lane, a vector of four for four. In arrays they
/// are interleaved: lane l of item i stands at i * lanes + l.
template <int lanes>
struct LanesOf;
template <>
struct LanesOf<1> {
  using Float = float;
  using Double = double;
};
template <>
struct LanesOf<4> {
  using Float [[gnu::vector_size(16)]] = float;
  using Double [[gnu::vector_size(32)]] = double;
};

/// Item `i` of an array. By reference throughout, since vectors wider than the machine's registers have no calling
/// convention of their own.
template <int lanes, class Lanes, class T>
[[gnu::always_inline]] inline void load(const T* array, std::int64_t i, Lanes& to) {
  static_assert(sizeof(Lanes) == lanes * sizeof(T));
  std::memcpy(&to, array + i * lanes, sizeof to);
}

template <int lanes, class Lanes, class T>
[[gnu::always_inline]] inline void store(T* array, std::int64_t i, const Lanes& from) {
  static_assert(sizeof(Lanes) == lanes * sizeof(T));
  std::memcpy(array + i * lanes, &from, sizeof from);
}

/// Item `i` of an array in single precision, made double.
template <int lanes>
[[gnu::always_inline]] inline void load_wide(const float* array, std::int64_t i, typename LanesOf<lanes>::Double& to) {
  typename LanesOf<lanes>::Float single;
  load<lanes>(array, i, single);
  if constexpr (lanes == 1)
    to = static_cast<double>(single);
  else
    to = __builtin_convertvector(single, typename LanesOf<lanes>::Double);
}

/// Rounds to item `i` of an array in single precision.
template <int lanes>
[[gnu::always_inline]] inline void store_narrow(float* array, std::int64_t i,
                                                const typename LanesOf<lanes>::Double& from) {
  typename LanesOf<lanes>::Float single;
  if constexpr (lanes == 1)
    single = static_cast<float>(from);
  else
    single = __builtin_convertvector(from, typename LanesOf<lanes>::Float);
  store<lanes>(array, i, single);
}

}  // namespace greenweave
