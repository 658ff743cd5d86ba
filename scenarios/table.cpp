#include "scenarios/table.hpp"

#include <stdexcept>

namespace greenweave {

namespace {

template <class T>
const std::vector<T>& values_of(const Table& table, const std::string& column) {
  const Column* found = table.find(column);
  if (found == nullptr || !std::holds_alternative<std::vector<T>>(found->values))
    throw std::out_of_range("table " + table.name + " has no such column: " + column);
  return std::get<std::vector<T>>(found->values);
}

}  // namespace

std::size_t Column::rows() const {
  return std::visit([](const auto& v) { return v.size(); }, values);
}

const Column* Table::find(const std::string& column) const {
  for (const Column& c : columns)
    if (c.name == column) return &c;
  return nullptr;
}

const std::vector<double>& Table::numbers(const std::string& column) const { return values_of<double>(*this, column); }
const std::vector<std::int64_t>& Table::integers(const std::string& column) const {
  return values_of<std::int64_t>(*this, column);
}
const std::vector<std::string>& Table::texts(const std::string& column) const {
  return values_of<std::string>(*this, column);
}

}  // namespace greenweave
