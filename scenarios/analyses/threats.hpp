#pragma once
#include <memory>
#include <string>
#include <vector>

#include "model/habitat/degradation.hpp"
#include "model/indices/measure.hpp"
#include "model/run/context.hpp"
#include "scenarios/analyses/zone.hpp"
#include "scenarios/case_result.hpp"

namespace greenweave {

struct Study;
struct FrameworkOnFrame;

/// A threat to habitat: what makes it, and how far it is felt.
struct StudyThreat {
  std::string name;
  Threat rule;
  std::vector<double> intensity;                          // by land-cover class, 0 .. 1; 0: it does not threaten
  std::shared_ptr<const Raster<float>> raster = nullptr;  // of intensities that no action changes; may be null
};

/// How a guild feels the threats.
struct GuildThreats {
  std::string guild;
  std::vector<std::vector<double>> sensitivity;  // for each threat by class, 0 .. 1
  double half_saturation = 0.0;                  // k; 0: not settled yet
};

/// [threats]: habitat is degraded by what lies around it. A threat is made by the land cover of the case: where an
/// action ends a use, its threat ends at once, whatever time the new cover takes to develop.
struct ThreatsAnalysis {
  ThreatMode mode = ThreatMode::nearest;
  std::vector<StudyThreat> threats;
  std::shared_ptr<const Raster<float>> access = nullptr;  // 0: shut off from threats .. 1; null: 1 everywhere
  double scaling = 2.5;                                   // z
  std::vector<GuildThreats> guilds;                       // those that feel the threats
  RegionLevels levels;
};

/// The threats of one landscape.
struct CaseThreats {
  std::vector<Raster<float>> levels;       // by threat
  std::vector<Raster<float>> degradation;  // by guild that feels them
};

/// Sets k where it is 0 to half of the largest degradation before any action, and what the threats leave in the study's
/// own landscape. To be called once, after everything else of the study is known. k stays 0 for a guild whose habitat
/// nothing threatens.
void settle_threats(Study& study);

/// Works out the threats of a landscape made from the study's, and what they leave of each guild's quality in it.
CaseThreats threats_of(const Study& study, Landscape& landscape, const RunContext& context);

/// What the threats leave of one guild's quality, or of all guilds', once the cover of a landscape has changed. Nothing
/// in a study without threats.
void follow_threats(const Study& study, Landscape& changed, const Guild& guild);
void follow_threats(const Study& study, Landscape& changed);

/// Adds the table `threats` of each guild that feels them, the raster `degradation`, and the indices, which alone are
/// there unless the case is that of the stated values.
void add_threats(const Study& study, const FrameworkOnFrame& framework, const CaseThreats& threats,
                 const Landscape& landscape, bool stated, CaseResult& result);

std::vector<const MeasureSpec*> threat_measures();

}  // namespace greenweave
