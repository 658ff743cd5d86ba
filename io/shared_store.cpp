#include "io/shared_store.hpp"

#include <algorithm>

#include "model/run/error.hpp"
#include "scenarios/run_study.hpp"

namespace greenweave {

namespace fs = std::filesystem;

SharedStore::SharedStore(const Study& study, fs::path path, bool overwrite, bool restart, double silent_for_s)
    : ResultsStore(study, std::move(path), overwrite, restart, Use::shared),
      marks_(partial(), own_name(), silent_for_s) {}

bool SharedStore::begin(const CaseId& id) {
  if (cannot_write_) return false;
  // Another may have finished it since the list was made.
  try {
    if (patiently([&] { return !has(id) && marks_.claim(id); })) {
      if (!has(id)) return true;
      marks_.give_back(id);
    }
  } catch (const InputError&) {
    cannot_write_ = true;
    throw;
  }
  ++left_;
  return false;
}

void SharedStore::store(const CaseResult& result) {
  try {
    patiently([&] { ResultsStore::store(result); });
  } catch (const InputError&) {
    cannot_write_ = true;
    throw;
  }
  marks_.give_back(result.id);
  ++done_;
}

bool SharedStore::failed(const CaseId& id, const std::string& reason) {
  ++failures_;
  marks_.fail(id, reason);
  // Where nothing can be written, the other cases would be worked out in vain.
  return !cannot_write_;
}

std::vector<CaseState> batch_state(const Study& study, const fs::path& out, double silent_for_s) {
  std::vector<CaseState> states;
  const fs::path folder = partial_folder(out);
  const bool is_there = fs::is_directory(folder), is_joined = !is_there && fs::exists(out);
  const double now = is_there ? time_at(folder) : 0.0;
  for (const CaseId& id : cases_of(study)) {
    CaseState state;
    state.id = id;
    if (is_joined) {
      state.kind = CaseState::Kind::done;
    } else if (is_there) {
      if (const auto cost = finished_case(folder, id)) {
        state.kind = CaseState::Kind::done;
        state.cost = *cost;
      } else {
        state.mark = CaseMarks::read(folder, id, now, silent_for_s);
        switch (state.mark.kind) {
          case CaseMark::Kind::none:
            break;
          case CaseMark::Kind::claimed:
            state.kind = CaseState::Kind::running;
            break;
          case CaseMark::Kind::stalled:
            state.kind = CaseState::Kind::stalled;
            break;
          case CaseMark::Kind::failed:
            state.kind = CaseState::Kind::failed;
            break;
        }
      }
    }
    states.push_back(std::move(state));
  }
  return states;
}

std::int64_t count_of(const std::vector<CaseState>& states, CaseState::Kind kind) {
  return std::count_if(states.begin(), states.end(), [&](const CaseState& s) { return s.kind == kind; });
}

}  // namespace greenweave
