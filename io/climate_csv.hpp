#pragma once
#include <filesystem>
#include <vector>

#include "model/water/water_balance.hpp"

namespace greenweave {

/// Reads daily weather: a header with the columns date (YYYY-MM-DD), rain_mm and et_mm (evaporation of open water), in
/// any order, others ignored; then a line a day, in order and without gaps. InputError with file and line.
std::vector<WeatherDay> read_climate(const std::filesystem::path& path);

}  // namespace greenweave
