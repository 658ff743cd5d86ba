#pragma once
// A circuit on a small raster solved as plainly as can be: classes of cells, a dense matrix, one solution a question.
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>
#include <set>
#include <vector>

#include <Eigen/Dense>

#include "model/circuit/modes.hpp"

namespace greenweave::testing {

class PlainCircuit {
 public:
  /// Cells of one short-circuit region, and cells of each of the given regions, are one node.
  PlainCircuit(const CircuitMap& map, const std::vector<std::vector<Cell>>& regions)
      : shape_(map.conductance.shape), class_(static_cast<std::size_t>(shape_.cells())) {
    std::iota(class_.begin(), class_.end(), 0);
    std::map<std::int32_t, Cell> first;
    if (!map.short_circuit.empty())
      for (Cell cell = 0; cell < shape_.cells(); ++cell)
        if (map.short_circuit[cell] != 0) unite(cell, first.emplace(map.short_circuit[cell], cell).first->second);
    for (const auto& region : regions)
      for (const Cell cell : region) unite(cell, region.front());
    std::set<int> conducting;
    for (Cell cell = 0; cell < shape_.cells(); ++cell)
      if (map.conductance[cell] > 0.0F) conducting.insert(class_[at(cell)]);
    std::map<int, int> number;
    for (const int c : conducting) number.emplace(c, static_cast<int>(number.size()));
    for (int& c : class_) c = conducting.contains(c) ? number.at(c) : -1;
    size_ = static_cast<int>(number.size());
    g_ = Eigen::MatrixXd::Zero(size_, size_);
    for (Cell a = 0; a < shape_.cells(); ++a)
      for (Cell b = 0; b < a; ++b) {
        const int dr = std::abs(shape_.row(a) - shape_.row(b)), dc = std::abs(shape_.col(a) - shape_.col(b));
        const int u = node(a), v = node(b);
        if (dr > 1 || dc > 1 || u < 0 || v < 0 || u == v) continue;
        if (dr + dc == 2 && map.rule.neighbourhood == Neighbourhood::four) continue;
        const auto ga = static_cast<double>(map.conductance[a]), gb = static_cast<double>(map.conductance[b]);
        double g = map.rule.step == StepConductance::average_conductance ? (ga + gb) / 2.0
                   : ga > 0.0 && gb > 0.0                                ? 2.0 * ga * gb / (ga + gb)
                                                                         : 0.0;
        if (dr + dc == 2) g /= std::numbers::sqrt2;
        g_(u, v) += g;
        g_(v, u) += g;
      }
  }

  int size() const { return size_; }
  int node(Cell cell) const { return class_[at(cell)]; }

  std::set<int> component(int from) const {
    std::set<int> found{from};
    std::vector<int> way{from};
    while (!way.empty()) {
      const int u = way.back();
      way.pop_back();
      for (int v = 0; v < size_; ++v)
        if (g_(u, v) > 0.0 && found.insert(v).second) way.push_back(v);
    }
    return found;
  }

  /// Voltages of the nodes of a component: currents in, nodes held at 0, conductances to ground.
  std::map<int, double> voltages(const std::set<int>& component, const std::map<int, double>& in,
                                 const std::set<int>& held, const std::map<int, double>& ground) const {
    std::map<int, int> unknown;
    for (const int n : component)
      if (!held.contains(n)) unknown.emplace(n, static_cast<int>(unknown.size()));
    const auto count = static_cast<Eigen::Index>(unknown.size());
    Eigen::MatrixXd a = Eigen::MatrixXd::Zero(count, count);
    Eigen::VectorXd b = Eigen::VectorXd::Zero(count);
    for (const auto& [u, row] : unknown) {
      for (int v = 0; v < size_; ++v) {
        a(row, row) += g_(u, v);
        if (unknown.contains(v)) a(row, unknown.at(v)) -= g_(u, v);
      }
      if (ground.contains(u)) a(row, row) += ground.at(u);
      if (in.contains(u)) b[row] = in.at(u);
    }
    std::map<int, double> result;
    for (const int n : component) result[n] = 0.0;
    if (count == 0) return result;
    const Eigen::VectorXd x = a.fullPivLu().solve(b);
    for (const auto& [u, row] : unknown) result[u] = x[row];
    return result;
  }

  /// Adds the current through each cell, and its voltage, to rasters.
  void show(const std::map<int, double>& v, const std::map<int, double>& ground, Raster<double>& current,
            Raster<double>& voltage) const {
    for (Cell cell = 0; cell < shape_.cells(); ++cell) {
      const int u = node(cell);
      if (!v.contains(u)) continue;
      double in = 0.0, out = 0.0;
      const auto add = [&](double flow) { (flow > 0.0 ? out : in) += std::abs(flow); };
      for (const auto& [w, volts] : v)
        if (w != u) add(g_(u, w) * (v.at(u) - volts));
      if (ground.contains(u)) add(ground.at(u) * v.at(u));
      current[cell] += std::max(in, out);
      voltage[cell] += v.at(u);
    }
  }

 private:
  static std::size_t at(Cell cell) { return static_cast<std::size_t>(cell); }
  void unite(Cell a, Cell b) {
    const int from = class_[at(a)], to = class_[at(b)];
    for (int& c : class_)
      if (c == from) c = to;
  }

  Shape shape_;
  std::vector<int> class_;
  int size_ = 0;
  Eigen::MatrixXd g_;
};

}  // namespace greenweave::testing
