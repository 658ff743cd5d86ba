#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/table.hpp"

namespace greenweave {

/// Builds a table column by column from rows of one type.
template <class Row>
class TableOf {
 public:
  TableOf(std::string name, const std::vector<Row>& rows) : rows_(rows) { table_.name = std::move(name); }

  template <class Get>
  TableOf& number(const std::string& name, const char* unit, const char* meaning, const Get& get) {
    return add<double>(name, unit, meaning, get);
  }
  template <class Get>
  TableOf& integer(const char* name, const char* unit, const char* meaning, const Get& get) {
    return add<std::int64_t>(name, unit, meaning, get);
  }
  template <class Get>
  TableOf& text(const char* name, const char* meaning, const Get& get) {
    return add<std::string>(name, "", meaning, get);
  }
  Table take() { return std::move(table_); }

 private:
  template <class T, class Get>
  TableOf& add(const std::string& name, const char* unit, const char* meaning, const Get& get) {
    std::vector<T> values;
    values.reserve(rows_.size());
    for (const Row& row : rows_) values.push_back(static_cast<T>(get(row)));
    table_.columns.push_back({name, unit, meaning, std::move(values)});
    return *this;
  }

  const std::vector<Row>& rows_;
  Table table_;
};

}  // namespace greenweave
