#pragma once
#include <vector>

namespace greenweave {

/// The two ways in which the gravity model of ecological corridors is printed. L is the accumulated resistance of the
/// corridor, Lmax that of the longest one, S a source's area, P its mean resistance.
enum class GravityVariant {
  product_of_logs,  // Lmax^2 ln(S_a) ln(S_b) / (L^2 P_a P_b): (ln S / P) is a source's mass (Kong and others 2010)
  log_of_product,   // Lmax^2 ln(S_a S_b) / (L^2 P_a P_b), as other papers print it
};

struct GravitySource {
  double area = 0.0;        // in the unit whose logarithm is taken; a source of 1 or less has no mass
  double resistance = 1.0;  // mean over its cells
};

struct GravityRule {
  GravityVariant graded_by = GravityVariant::product_of_logs;
  /// Grade 1 from the greatest break on, the next grade from the one below, and so on; one grade more than breaks.
  std::vector<double> breaks{10.0, 1.0};
  double longest = 0.0;  // Lmax; 0: the longest of the corridors given
};

/// A corridor between two sources (positions), and how strongly they interact.
struct GravityPair {
  int a = -1, b = -1;
  double cost = 0.0;             // L; infinity: no path
  double product_of_logs = 0.0;  // NaN where a source has no mass; 0 without a path
  double log_of_product = 0.0;
  int grade = 0;  // 1: the strongest; 0: without a path or a mass
};

/// Fills both variants and the grades of the pairs given by (a, b, cost). Returns Lmax.
double rate_by_gravity(const std::vector<GravitySource>& sources, const GravityRule& rule,
                       std::vector<GravityPair>& pairs);

}  // namespace greenweave
