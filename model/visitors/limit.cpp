#include "model/visitors/limit.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <map>

#include "model/run/error.hpp"

namespace greenweave {

namespace {

/// So few visitors, as a multiple of the stated ones, are as good as none.
constexpr double fewest = 1e-3;

}  // namespace

VisitorLimits most_visitors(const LossesAt& losses, std::span<const double> allowed, const LimitRule& rule) {
  if (!(rule.most > 0.0 && rule.tolerance > 0.0))
    throw InputError("", "visitor limit", "no range to search in", "give `most` and `tolerance` above 0");
  std::map<double, std::vector<double>> judged;
  const auto at = [&](double factor) -> const std::vector<double>& {
    auto found = judged.find(factor);
    if (found == judged.end()) found = judged.emplace(factor, losses(factor)).first;
    assert(found->second.size() == allowed.size());
    return found->second;
  };
  at(0.0);
  at(rule.most);

  VisitorLimits result;
  for (std::size_t k = 0; k < allowed.size(); ++k) {
    VisitorLimit limit;
    limit.too_many = std::numeric_limits<double>::infinity();
    limit.loss_beyond = std::numeric_limits<double>::quiet_NaN();
    // What is known so far: the first loss that is too much, and the last before it that is not.
    const auto bracket = [&] {
      limit.too_many = std::numeric_limits<double>::infinity();
      for (const auto& [factor, loss] : judged) {
        if (loss[k] > allowed[k]) {
          limit.too_many = factor;
          limit.loss_beyond = loss[k];
          return;
        }
        limit.factor = factor;
        limit.loss = loss[k];
      }
    };
    limit.loss = at(0.0)[k];
    bracket();
    while (limit.too_many - limit.factor > rule.tolerance * std::min(1.0, limit.too_many) &&
           limit.too_many <= rule.most && limit.too_many > fewest &&
           static_cast<int>(judged.size()) < rule.most_evaluations) {
      at(0.5 * (limit.factor + limit.too_many));
      bracket();
    }
    limit.is_reached = limit.too_many <= rule.most && limit.too_many > 0.0;
    result.limits.push_back(limit);
  }
  for (const auto& [factor, loss] : judged) {
    if (!result.points.empty())
      for (std::size_t k = 0; k < loss.size(); ++k)
        result.is_monotone = result.is_monotone && loss[k] >= result.points.back().losses[k];
    result.points.push_back({factor, loss});
  }
  return result;
}

std::vector<TradeoffPoint> tradeoff_curve(const LossesAt& losses, std::span<const double> factors) {
  std::vector<double> sorted(factors.begin(), factors.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::vector<TradeoffPoint> curve;
  for (const double factor : sorted) curve.push_back({factor, losses(factor)});
  return curve;
}

}  // namespace greenweave
