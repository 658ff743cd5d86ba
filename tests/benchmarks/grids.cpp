#include <benchmark/benchmark.h>

#include "io/grid_file.hpp"
#include "io/packed_file.hpp"
#include "model/run/random.hpp"

namespace {

using namespace greenweave;

/// A million currents, of every size from 1e-8 to 1 A, a tenth of the cells without.
Raster<double> million() {
  Raster<double> values(Shape{1000, 1000}, 0.0);
  for (std::size_t i = 0; i < values.values.size(); ++i) {
    const double u = random_uniform(1, 2, i);
    values.values[i] = u < 0.1 ? 0.0 : u * u * u * u * u * u * u * u;
  }
  return values;
}

void write_ascii_grid(benchmark::State& state) {
  const Raster<double> values = million();
  const GridPlace place{values.shape, 0.0, 0.0, 30.0, ""};
  for (auto _ : state) benchmark::DoNotOptimize(format_ascii_grid(place, values));
}
BENCHMARK(write_ascii_grid)->Unit(benchmark::kMillisecond)->UseRealTime();

void read_ascii_grid(benchmark::State& state) {
  const Raster<double> values = million();
  const std::string text = format_ascii_grid({values.shape, 0.0, 0.0, 30.0, ""}, values);
  GridPlace place;
  for (auto _ : state) benchmark::DoNotOptimize(parse_ascii_grid(text, "grid.asc", &place));
}
BENCHMARK(read_ascii_grid)->Unit(benchmark::kMillisecond)->UseRealTime();

void pack_ascii_grid(benchmark::State& state) {
  const Raster<double> values = million();
  const std::string text = format_ascii_grid({values.shape, 0.0, 0.0, 30.0, ""}, values);
  for (auto _ : state) benchmark::DoNotOptimize(gzip(text));
}
BENCHMARK(pack_ascii_grid)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
