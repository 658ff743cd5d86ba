#include "model/water/streams.hpp"

#include <algorithm>
#include <atomic>
#include <numbers>

#include "model/run/parallel.hpp"

namespace greenweave {

namespace {

/// Carries labels up the flow: `found` holds labels >= 0 where they are known, -1 elsewhere. Threads may follow the
/// same way, but find the same labels.
void carry_upstream(const D8Flow& flow, std::vector<std::int32_t>& found) {
  const auto known = [&](Cell cell) {
    return std::atomic_ref(found[static_cast<std::size_t>(cell)]).load(std::memory_order_relaxed);
  };
  parallel_pieces(flow.shape().cells(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
    for (auto start = static_cast<Cell>(begin); start < end; ++start) {
      std::int32_t label = known(start);
      if (label >= 0) continue;
      Cell cell = start;
      while (label < 0) {
        cell = flow.receiver(cell);
        label = cell < 0 ? 0 : known(cell);
      }
      for (cell = start; cell >= 0 && known(cell) < 0; cell = flow.receiver(cell))
        std::atomic_ref(found[static_cast<std::size_t>(cell)]).store(label, std::memory_order_relaxed);
    }
  });
}

}  // namespace

StreamNetwork stream_network(const D8Flow& flow, const Raster<double>& accumulated_cells, double threshold_cells,
                             double cell_m) {
  const Shape& shape = flow.shape();
  StreamNetwork network{Raster<std::int32_t>(shape, 0), Raster<std::int32_t>(shape, 0), {}};
  network.link.valid = network.strahler.valid = flow.to.valid;
  const auto is_stream = [&](Cell cell) {
    return flow.to[cell] != D8Flow::none && accumulated_cells[cell] >= threshold_cells;
  };
  std::vector<Cell> cells;
  std::vector<std::uint8_t> donors(flow.to.values.size(), 0);
  for (Cell cell = 0; cell < shape.cells(); ++cell) {
    if (!is_stream(cell)) continue;
    cells.push_back(cell);
    const Cell next = flow.receiver(cell);
    if (next >= 0 && is_stream(next)) ++donors[static_cast<std::size_t>(next)];
  }
  const auto stream_below = [&](Cell cell) {
    const Cell next = flow.receiver(cell);
    return next >= 0 && is_stream(next) ? next : -1;
  };

  for (const Cell first : cells) {
    if (donors[static_cast<std::size_t>(first)] == 1) continue;
    StreamLink link;
    const auto number = static_cast<std::int32_t>(network.links.size()) + 1;
    for (Cell cell = first; cell >= 0;) {
      link.cells.push_back(cell);
      network.link[cell] = number;
      const Cell next = stream_below(cell);
      if (next >= 0) link.length_m += cell_m * (flow.to[cell] < 4 ? 1.0 : std::numbers::sqrt2);
      link.flows_to = next;
      cell = next >= 0 && donors[static_cast<std::size_t>(next)] > 1 ? -1 : next;
    }
    link.cells_drained = accumulated_cells[link.cells.back()];
    network.links.push_back(std::move(link));
  }

  // Down the network: a link's order is known when those of all links above it are.
  const std::size_t count = network.links.size();
  std::vector<std::int32_t> waiting(count, 0), highest(count, 0), of_highest(count, 0);
  for (StreamLink& link : network.links) {
    if (link.flows_to >= 0) link.downstream = network.link[link.flows_to];
    if (link.downstream > 0) ++waiting[static_cast<std::size_t>(link.downstream) - 1];
  }
  std::vector<std::size_t> ready;
  for (std::size_t i = 0; i < count; ++i)
    if (waiting[i] == 0) ready.push_back(i);
  while (!ready.empty()) {
    const std::size_t i = ready.back();
    ready.pop_back();
    StreamLink& link = network.links[i];
    link.strahler = std::max(1, highest[i] + (of_highest[i] > 1 ? 1 : 0));
    for (const Cell cell : link.cells) network.strahler[cell] = link.strahler;
    if (link.downstream == 0) continue;
    const auto below = static_cast<std::size_t>(link.downstream) - 1;
    if (link.strahler > highest[below]) {
      highest[below] = link.strahler;
      of_highest[below] = 0;
    }
    if (link.strahler == highest[below]) ++of_highest[below];
    if (--waiting[below] == 0) ready.push_back(below);
  }
  return network;
}

Raster<std::int32_t> watersheds(const D8Flow& flow, const Raster<std::int32_t>& labels) {
  Raster<std::int32_t> result(flow.shape());
  result.valid = flow.to.valid;
  for (std::size_t i = 0; i < result.values.size(); ++i)
    result.values[i] = flow.to.values[i] == D8Flow::none ? 0 : labels.values[i] > 0 ? labels.values[i] : -1;
  carry_upstream(flow, result.values);
  return result;
}

Raster<std::int32_t> basins(const D8Flow& flow, std::int32_t* count) {
  Raster<std::int32_t> ends(flow.shape(), 0);
  std::int32_t found = 0;
  for (Cell cell = 0; cell < flow.shape().cells(); ++cell)
    if (flow.to[cell] == D8Flow::out || flow.to[cell] == D8Flow::pit) ends[cell] = ++found;
  if (count != nullptr) *count = found;
  return watersheds(flow, ends);
}

Raster<float> height_above_drainage(const Raster<float>& elevation_m, const D8Flow& flow,
                                    const Raster<std::int32_t>& streams) {
  const Shape& shape = flow.shape();
  Raster<std::int32_t> drains(shape, 0);
  for (Cell cell = 0; cell < shape.cells(); ++cell)
    if (streams[cell] > 0) drains[cell] = cell + 1;
  drains = watersheds(flow, drains);
  Raster<float> height(shape, 0.0F);
  height.valid.assign(height.values.size(), 0);
  for (Cell cell = 0; cell < shape.cells(); ++cell) {
    if (drains[cell] == 0) continue;
    height[cell] = elevation_m[cell] - elevation_m[drains[cell] - 1];
    height.valid[static_cast<std::size_t>(cell)] = 1;
  }
  return height;
}

}  // namespace greenweave
