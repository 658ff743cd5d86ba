#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "model/grid/raster.hpp"
#include "model/landscape/landscape.hpp"

namespace greenweave {

// Habitat quality under threats, by the equations that the InVEST guide publishes (Sharp and others 2020; Tallis and
// others 2011).

/// How a threat weakens over a distance d up to its reach: linear 1 - d / reach; exponential exp(-2.99 d / reach), of
/// which a twentieth is left at the reach. Beyond it: nothing.
enum class ThreatDecay { linear, exponential };

/// What a cell feels of a threat: the nearest cell that threatens (InVEST from 3.13 on), or all within reach added up
/// (the guide's equation). Sums grow with the number of cells, so cases are comparable at one cell size only.
enum class ThreatMode { nearest, summed };

struct Threat {
  double weight = 1.0;      // among the threats, > 0
  double reach_m = 1000.0;  // > 0
  ThreatDecay decay = ThreatDecay::linear;
};

/// Decay at a distance, 0..1.
double decay_at(const Threat& threat, double distance_m);

/// How much of a threat arrives at each cell: r x i of the guide. `intensity`: 0 where there is no threat, up to 1;
/// masked cells threaten nothing. 0 beyond the reach, exactly. InputError: an intensity outside [0, 1], a reach that is
/// not above 0.
Raster<float> threat_level(const Raster<float>& intensity, double cell_m, const Threat& threat, ThreatMode mode);

/// The same of land-cover classes, each with an intensity (0: it does not threaten), and of a raster of intensities
/// beside them; null: none. In mode `nearest` each intensity of a class, and the raster, has its own nearest cell, and
/// the strongest of what arrives counts: a weak threat close by does not hide a strong one behind it. In mode `summed`
/// a cell threatens with the greater of its class's intensity and the raster's.
Raster<float> threat_level(const Raster<ClassIndex>& cover, std::span<const double> intensity,
                           const Raster<float>* raster, double cell_m, const Threat& threat, ThreatMode mode);

/// Degradation D = sum over threats of (weight / sum of weights) x level x access x sensitivity. `sensitivity`: for
/// each threat one number by class, 0..1. An empty level: the threat arrives nowhere. `access`: 0 (shut off from
/// threats) .. 1; null: 1 everywhere. Masked where the cover is. InputError: weights that are not above 0 in sum, or
/// one below 0.
Raster<float> degradation(const Raster<ClassIndex>& cover, std::span<const Threat> threats,
                          std::span<const Raster<float>> levels, std::span<const std::vector<double>> sensitivity,
                          const Raster<float>* access = nullptr);

/// What turns degradation into quality.
struct DegradationRule {
  double half_saturation = 0.05;  // k: degradation at which half of the quality is lost; the guide's default. Set it to
                                  // half of the largest degradation of the baseline, and keep it for all cases
  double scaling = 2.5;           // z, fixed in the guide
};

/// The share of quality that degradation leaves, 1 - D^z / (D^z + k^z). Masked as the degradation.
Raster<float> quality_left(const Raster<float>& degradation, const DegradationRule& rule = {});

/// Quality H (1 - D^z / (D^z + k^z)); `habitat`: H by class, 0..1. Masked as the degradation.
Raster<float> degraded_quality(const Raster<ClassIndex>& cover, std::span<const double> habitat,
                               const Raster<float>& degradation, const DegradationRule& rule = {});

/// Half of the largest degradation; 0 where there is none.
double half_saturation_of(const Raster<float>& degradation);

/// Rarity of each class, 1 - N / (N_base + N), N its cells now and N_base in the base; 0 for a class that the base does
/// not have. Above 0.5: rarer than in the base.
std::vector<double> class_rarity(const Raster<ClassIndex>& base, const Raster<ClassIndex>& now, std::size_t classes);

}  // namespace greenweave
