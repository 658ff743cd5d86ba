#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "model/grid/raster.hpp"

namespace greenweave {

// Who has green space within reach, and how much of it is left to each once all others who reach it have had their
// share.

/// How willingly people go a distance d, up to a reach d0 (0 beyond): 1; exp(-d / d0);
/// (exp(-(d / d0)^2 / 2) - e^-0.5) / (1 - e^-0.5); 0.75 (1 - (d / d0)^2).
enum class AccessKernel : std::uint8_t { dichotomy, exponential, gaussian, density };
double kernel_at(AccessKernel kernel, double distance, double reach);

/// A part of the people, spread as they all are.
struct PeopleGroup {
  std::string name;
  double share = 1.0;       // of all persons
  double reach_m = 1000.0;  // as the crow flies
};

/// Two-step floating catchment (Luo and Wang 2003; with kernels Dai 2011; InVEST, Urban Nature Access).
struct CatchmentRule {
  AccessKernel kernel = AccessKernel::dichotomy;
  std::vector<PeopleGroup> groups{PeopleGroup{"all", 1.0, 1000.0}};  // shares sum to 1
};

struct Catchment {
  Raster<float> m2_per_person;             // mean of the groups, by their shares
  std::vector<Raster<float>> m2_of_group;  // in the rule's order
};

/// R_j = S_j / sum over groups and cells k of P_k share f(d_jk), or S_j where that sum is below 1;
/// A_i = sum_j R_j f(d_ij). `green_m2`: S, `persons`: P, both >= 0; masked cells have none. 0 exactly where no green is
/// within reach. Sums by Fourier transforms, right to about 1e-12 of the largest. InputError: shares that do not sum to
/// 1, a reach that is not above 0, values below 0.
Catchment two_step_catchment(const Raster<float>& green_m2, const Raster<float>& persons, double cell_m,
                             const CatchmentRule& rule);

/// The X-minute walk.
struct WalkRule {
  double minutes = 15.0;
  double speed_m_s = 1.2;       // a choice, in the middle of what is measured of walkers of all ages
  double detour = 1.3;          // of the way along streets over the straight line: a choice
  double least_green_ha = 0.4;  // smaller green spaces are no place to go to: a choice
  double reach_m() const { return minutes * 60.0 * speed_m_s / detour; }
};

/// Cells of green spaces (connected, eight neighbours) of at least that size.
std::vector<Cell> worth_a_walk(const Raster<float>& green_m2, double least_green_ha);

/// An area of inhabited cells out of reach, connected (eight neighbours).
struct AccessGap {
  std::int64_t cells = 0;
  double persons = 0.0;
  Cell most_people = -1;    // its cell of most people; of equals the first
  double farthest_m = 0.0;  // from green, of its cells; infinity: there is none
};

struct WalkAccess {
  Raster<std::uint8_t> served;  // 1: within reach; the persons' mask
  Raster<std::int32_t> gap;     // row of `gaps` + 1 of inhabited cells out of reach; 0 elsewhere
  std::vector<AccessGap> gaps;  // most persons first, of equals by first cell
};

/// `distance_m`: of each cell from the nearest green worth a walk (straight, before the detour; infinity: none).
WalkAccess walk_access(const Raster<float>& distance_m, const Raster<float>& persons, const WalkRule& rule);

/// What a part of the frame has, summed cell by cell in their order.
struct AccessSummary {
  double persons = 0.0;
  double served = 0.0;         // persons within the walk
  double m2_per_person = 0.0;  // mean over persons; 0 without any
  double short_persons = 0.0;  // persons who have less than they need
  double missing_m2 = 0.0;     // what these lack, all together
  /// Takes in a cell.
  void add(double cell_persons, bool is_served, double cell_m2_per_person, double needed_m2);
};

}  // namespace greenweave
