#pragma once
#include <cstdint>
#include <string_view>

namespace greenweave {

/// A random number that depends on nothing but its keys, so it is the same on every thread and in every order of work.
/// The mixing function is SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t random_bits(std::uint64_t seed, std::uint64_t stream, std::uint64_t index);

/// Uniform on [0, 1).
double random_uniform(std::uint64_t seed, std::uint64_t stream, std::uint64_t index);

/// Standard normal (Box-Muller on two uniforms of the same keys).
double random_normal(std::uint64_t seed, std::uint64_t stream, std::uint64_t index);

/// A stable 64-bit key of a name (FNV-1a), to use as a stream.
std::uint64_t stream_of(std::string_view name);

}  // namespace greenweave
