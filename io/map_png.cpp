#include "io/map_png.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <sstream>

#include <cairo.h>
#include <fmt/format.h>

#include "io/gdal.hpp"
#include "io/raster_io.hpp"
#include "model/run/error.hpp"
#include "model/run/parallel.hpp"

namespace greenweave {

namespace fs = std::filesystem;

namespace {

struct Colour {
  double r = 0.0, g = 0.0, b = 0.0;
};

constexpr Colour hex(std::uint32_t value) {
  return {((value >> 16) & 255) / 255.0, ((value >> 8) & 255) / 255.0, (value & 255) / 255.0};
}
Colour mix(Colour a, Colour b, double share) {
  return {a.r + (b.r - a.r) * share, a.g + (b.g - a.g) * share, a.b + (b.b - a.b) * share};
}

constexpr Colour paper = hex(0xfbfaf6), ink = hex(0x22282b), faint = hex(0x6c7478), white = hex(0xffffff);
constexpr Colour patch_fill = hex(0x16705a), patch_edge = hex(0x0b3d30), link_line = hex(0x1d1b3a),
                 gap_mark = hex(0xc2185b), disturbed_tint = hex(0xe8590c), sight_mark = hex(0xffd43b);

Colour colour_of(Element::Kind kind) {
  switch (kind) {
    case Element::Kind::belt:
      return hex(0x6a3d9a);
    case Element::Kind::core:
      return hex(0x0868ac);
    case Element::Kind::vertical:
      return hex(0xd9480f);
    case Element::Kind::horizontal:
      return hex(0xa61e4d);
  }
  return ink;
}

/// Colours of trails by load over comfortable capacity: up to that much.
struct LoadStep {
  double most;
  Colour colour;
  const char* words;
};
const std::array<LoadStep, 5> load_steps{{{0.25, hex(0x2166ac), "up to 25 %"},
                                          {0.5, hex(0x1b9e8a), "25 to 50 %"},
                                          {0.8, hex(0xf2b134), "50 to 80 %"},
                                          {1.0, hex(0xe8661b), "80 to 100 %"},
                                          {HUGE_VAL, hex(0xb30f24), "more than it takes in comfort"}}};

Colour colour_of_load(double load) {
  return std::find_if(load_steps.begin(), load_steps.end() - 1, [&](const LoadStep& s) { return load <= s.most; })
      ->colour;
}

/// Width of a trail's line: its area on paper is in proportion to the root of those who pass, so that ten still show
/// beside a thousand.
double trail_width(double per_hour) { return std::clamp(1.3 + 0.3 * std::sqrt(per_hour), 1.3, 11.0); }

/// Land-cover colours made quiet, so that what lies above them reads.
Colour muted(std::uint32_t rgb) {
  const Colour c = hex(rgb);
  const double grey = 0.3 * c.r + 0.59 * c.g + 0.11 * c.b;
  return mix(mix(c, {grey, grey, grey}, 0.25), white, 0.5);
}

struct FreeSurface {
  void operator()(cairo_surface_t* s) const { cairo_surface_destroy(s); }
};
struct FreeContext {
  void operator()(cairo_t* c) const { cairo_destroy(c); }
};

struct Box {
  double x, y, w, h;
  bool overlaps(const Box& o) const { return x < o.x + o.w && o.x < x + w && y < o.y + o.h && o.y < y + h; }
  bool within(const Box& o) const { return x >= o.x && y >= o.y && x + w <= o.x + o.w && y + h <= o.y + o.h; }
};

class Sheet {
 public:
  explicit Sheet(const MapContent& content) : content_(content) {
    const double width = std::max(600, content.width_px);
    unit_ = width / 1600.0;
    margin_ = 36.0 * unit_;
    panel_ = 390.0 * unit_;
    const double map_width = width - panel_ - 3.0 * margin_;
    const Shape& shape = content.frame.shape;
    double map_height = map_width * shape.rows / shape.cols;
    // A tall or flat frame still gets a sheet of a sensible shape: the map shrinks within it.
    double used_width = map_width;
    const double tallest = 1.3 * map_width, lowest = 0.62 * map_width;
    if (map_height > tallest) {
      used_width *= tallest / map_height;
      map_height = tallest;
    }
    const double height = std::max(map_height, lowest) + 2.0 * margin_;
    map_ = {margin_ + (map_width - used_width) / 2.0, margin_ + (height - 2.0 * margin_ - map_height) / 2.0,
            std::floor(used_width), std::floor(map_height)};
    map_.x = std::floor(map_.x);
    map_.y = std::floor(map_.y);
    surface_.reset(cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(width), static_cast<int>(height)));
    if (cairo_surface_status(surface_.get()) != CAIRO_STATUS_SUCCESS)
      throw InputError("", "--width", "the map is too large to draw", "give a smaller width");
    cairo_.reset(cairo_create(surface_.get()));
    height_ = height;
    panel_x_ = width - panel_ - margin_;
    set(paper);
    cairo_paint(cr());
    cairo_set_line_join(cr(), CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(cr(), CAIRO_LINE_CAP_ROUND);
  }

  void draw() {
    paint_ground();
    cairo_save(cr());
    cairo_rectangle(cr(), map_.x, map_.y, map_.w, map_.h);
    cairo_clip(cr());
    draw_links();
    draw_elements();
    draw_gaps();
    draw_trails();
    draw_stops();
    draw_labels();
    cairo_restore(cr());
    cairo_rectangle(cr(), map_.x - 0.5, map_.y - 0.5, map_.w + 1.0, map_.h + 1.0);
    set(ink);
    cairo_set_line_width(cr(), 1.2 * unit_);
    cairo_stroke(cr());
    draw_panel();
  }

  bool write(const fs::path& path) const {
    cairo_surface_flush(surface_.get());
    return cairo_surface_write_to_png(surface_.get(), path.c_str()) == CAIRO_STATUS_SUCCESS;
  }

 private:
  cairo_t* cr() const { return cairo_.get(); }
  void set(Colour c, double alpha = 1.0) const { cairo_set_source_rgba(cr(), c.r, c.g, c.b, alpha); }
  Point on_map(Point p) const {
    const Frame& frame = content_.frame;
    return {map_.x + (p.x - frame.west) / (frame.east() - frame.west) * map_.w,
            map_.y + (frame.north - p.y) / (frame.north - frame.south()) * map_.h};
  }
  double px_per_m() const { return map_.w / (content_.frame.cell_m * content_.frame.shape.cols); }

  /// Brightness of the ground at a cell under light from the north-west; 1 where it is level.
  double shade(Cell cell) const {
    const Raster<float>& z = content_.elevation_m;
    const Shape& shape = z.shape;
    const std::int32_t r = shape.row(cell), c = shape.col(cell);
    // Gradients over some 60 m whatever the cell size, so that a fine grid does not turn into noise.
    const std::int32_t reach = std::max(1, static_cast<std::int32_t>(std::lround(45.0 / content_.frame.cell_m)));
    const auto at = [&](std::int32_t row, std::int32_t col) {
      const Cell other = shape.cell(std::clamp(row, 0, shape.rows - 1), std::clamp(col, 0, shape.cols - 1));
      return static_cast<double>(z.is_valid(other) ? z[other] : z[cell]);
    };
    const double run = 2.0 * reach * content_.frame.cell_m;
    const double dx = 2.2 * (at(r, c + reach) - at(r, c - reach)) / run,
                 dy = 2.2 * (at(r - reach, c) - at(r + reach, c)) / run;
    const double lit = (0.5 * (dx - dy) + 0.7071) / std::sqrt(1.0 + dx * dx + dy * dy);  // light at 45 degrees
    return std::clamp(1.0 + 0.85 * (lit - 0.7071), 0.55, 1.22);
  }

  Colour ground(Cell cell, const std::map<int, Colour>& colours) const {
    Colour colour = white;
    if (!content_.land_cover.empty()) {
      const auto found = colours.find(content_.land_cover[cell]);
      if (found != colours.end()) colour = found->second;
    }
    if (!content_.elevation_m.empty() && content_.elevation_m.is_valid(cell)) {
      const double s = shade(cell);
      colour = {std::min(1.0, colour.r * s), std::min(1.0, colour.g * s), std::min(1.0, colour.b * s)};
    }
    return colour;
  }

  void paint_ground() {
    std::map<int, Colour> colours;
    for (const LandCoverClass& c : content_.classes.classes) colours[c.code] = muted(c.colour);
    const Shape& shape = content_.frame.shape;
    const int w = static_cast<int>(map_.w), h = static_cast<int>(map_.h);
    const double cells_per_px = static_cast<double>(shape.cols) / w;
    const int samples = std::clamp(static_cast<int>(std::ceil(cells_per_px)), 1, 4);
    const auto cell_at = [&](double px, double py) {
      return shape.cell(std::min(shape.rows - 1, static_cast<std::int32_t>(py / h * shape.rows)),
                        std::min(shape.cols - 1, static_cast<std::int32_t>(px / w * shape.cols)));
    };
    const bool masks = !content_.land_cover.empty();
    const auto label_at = [&](int px, int py) {
      return px < 0 || py < 0 || px >= w || py >= h ? 0 : content_.patches[cell_at(px + 0.5, py + 0.5)];
    };
    cairo_surface_flush(surface_.get());
    unsigned char* data = cairo_image_surface_get_data(surface_.get());
    const int stride = cairo_image_surface_get_stride(surface_.get());
    parallel_for(h, [&](std::int64_t row) {
      const int py = static_cast<int>(row);
      auto* line = reinterpret_cast<std::uint32_t*>(data + static_cast<std::ptrdiff_t>(stride) *
                                                               (static_cast<int>(map_.y) + py)) +
                   static_cast<int>(map_.x);
      for (int px = 0; px < w; ++px) {
        Colour sum{};
        int inside = 0, total = 0;
        for (int sy = 0; sy < samples; ++sy)
          for (int sx = 0; sx < samples; ++sx, ++total) {
            const Cell cell = cell_at(px + (sx + 0.5) / samples, py + (sy + 0.5) / samples);
            if (masks && !content_.land_cover.is_valid(cell)) continue;
            const Colour c = ground(cell, colours);
            sum = {sum.r + c.r, sum.g + c.g, sum.b + c.b};
            ++inside;
          }
        if (inside * 2 < total) continue;
        Colour colour{sum.r / inside, sum.g / inside, sum.b / inside};
        const Cell middle = cell_at(px + 0.5, py + 0.5);
        if (!content_.patches.empty()) {
          const std::int32_t label = content_.patches[middle];
          if (label > 0) {
            const bool edge = label_at(px - 1, py) != label || label_at(px + 1, py) != label ||
                              label_at(px, py - 1) != label || label_at(px, py + 1) != label;
            const double light = !content_.elevation_m.empty() ? shade(middle) : 1.0;
            const Colour fill{std::min(1.0, patch_fill.r * light), std::min(1.0, patch_fill.g * light),
                              std::min(1.0, patch_fill.b * light)};
            colour = edge ? mix(colour, patch_edge, 0.8) : mix(colour, fill, 0.62);
          }
        }
        if (!content_.disturbed.empty() && content_.disturbed[middle] != 0) {
          if (!content_.trails.empty()) colour = mix(colour, disturbed_tint, 0.22);
          if ((px + py) % static_cast<int>(7 * unit_ + 1) < 2) colour = mix(colour, disturbed_tint, 0.75);
        }
        const auto byte = [](double v) {
          return static_cast<std::uint32_t>(std::lround(255.0 * std::clamp(v, 0.0, 1.0)));
        };
        line[px] = byte(colour.r) << 16 | byte(colour.g) << 8 | byte(colour.b);
      }
    });
    cairo_surface_mark_dirty(surface_.get());
  }

  void trace(const std::vector<Point>& line) const {
    for (std::size_t i = 0; i < line.size(); ++i) {
      const Point p = on_map(line[i]);
      if (i == 0)
        cairo_move_to(cr(), p.x, p.y);
      else
        cairo_line_to(cr(), p.x, p.y);
    }
  }

  void draw_links() const {
    for (std::size_t i = 0; i < content_.links.size(); ++i) {
      const double weight = i < content_.link_weight.size() ? content_.link_weight[i] : 0.5;
      if (weight < 0.02) continue;  // a link that hardly anything travels
      trace(content_.links[i]);
      set(link_line, 0.25 + 0.6 * weight);
      cairo_set_line_width(cr(), (0.6 + 1.8 * weight) * unit_);
      cairo_stroke(cr());
    }
  }

  void draw_elements() const {
    for (const Element& element : content_.elements) {
      const Colour colour = colour_of(element.kind);
      const bool is_line = element.geometry.kind == Geometry::Kind::lines;
      for (const auto& part : element.geometry.parts) {
        trace(part);
        if (!is_line) cairo_close_path(cr());
      }
      if (is_line) {
        const double width = std::max(element.width_m * px_per_m(), 3.4 * unit_);
        cairo_push_group(cr());
        cairo_set_line_width(cr(), width + 2.6 * unit_);
        set(white);
        cairo_stroke_preserve(cr());
        cairo_set_line_width(cr(), width);
        set(colour);
        cairo_stroke(cr());
        cairo_pop_group_to_source(cr());
        // A wide strip lets the ground through; its middle line stays. Trails want the picture for themselves.
        const bool is_quiet = !content_.trails.empty();
        cairo_paint_with_alpha(cr(), is_quiet ? 0.2 : width > 9.0 * unit_ ? 0.42 : 0.85);
        if (width > 9.0 * unit_ && !is_quiet) {
          for (const auto& part : element.geometry.parts) trace(part);
          set(colour, 0.9);
          cairo_set_line_width(cr(), 1.8 * unit_);
          cairo_stroke(cr());
        }
      } else {
        cairo_set_fill_rule(cr(), CAIRO_FILL_RULE_EVEN_ODD);
        set(colour, 0.07);
        cairo_fill_preserve(cr());
        set(white, content_.trails.empty() ? 0.75 : 0.4);
        cairo_set_line_width(cr(), 4.6 * unit_);
        cairo_stroke_preserve(cr());
        set(colour, content_.trails.empty() ? 0.95 : 0.5);
        cairo_set_line_width(cr(), (content_.trails.empty() ? 2.4 : 1.6) * unit_);
        const std::array<double, 2> dash{9.0 * unit_, 5.0 * unit_};
        cairo_set_dash(cr(), dash.data(), 2, 0.0);
        cairo_stroke(cr());
        cairo_set_dash(cr(), nullptr, 0, 0.0);
      }
    }
  }

  void gap_symbol(double x, double y) const {
    cairo_new_sub_path(cr());
    cairo_arc(cr(), x, y, 3.6 * unit_, 0.0, 6.2831853);
    set(white);
    cairo_fill_preserve(cr());
    set(gap_mark);
    cairo_set_line_width(cr(), 1.8 * unit_);
    cairo_stroke(cr());
  }
  void draw_gaps() const {
    for (const Point& gap : content_.gaps) {
      const Point p = on_map(gap);
      gap_symbol(p.x, p.y);
    }
  }

  /// The busiest on top; who has nobody is a thin grey line.
  void draw_trails() const {
    std::vector<std::size_t> order(content_.trails.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return content_.trails[a].per_hour < content_.trails[b].per_hour;
    });
    for (const bool is_casing : {true, false})
      for (const std::size_t k : order) {
        const MapTrail& trail = content_.trails[k];
        if (is_casing && !is_used(trail)) continue;
        trace(trail.line);
        trail_stroke(trail, is_casing);
      }
  }
  static bool is_used(const MapTrail& trail) { return trail.per_hour >= 0.5 && !trail.is_closed; }
  void trail_stroke(const MapTrail& trail, bool is_casing) const {
    const double width = is_used(trail) ? trail_width(trail.per_hour) : 1.2;
    set(is_casing ? white : is_used(trail) ? colour_of_load(trail.load) : faint, is_casing ? 0.85 : 1.0);
    cairo_set_line_width(cr(), (is_casing ? width + 1.8 : width) * unit_);
    const std::array<double, 2> dash{4.0 * unit_, 4.0 * unit_};
    if (trail.is_closed) cairo_set_dash(cr(), dash.data(), 2, 0.0);
    cairo_stroke(cr());
    cairo_set_dash(cr(), nullptr, 0, 0.0);
  }

  static double radius_of(TrailNodeKind kind, double per_day) {
    if (kind == TrailNodeKind::entrance) return std::clamp(4.5 + 0.12 * std::sqrt(per_day), 4.5, 15.0);
    return kind == TrailNodeKind::attraction ? 9.0 : 5.0;
  }
  void stop_symbol(TrailNodeKind kind, double x, double y, double radius) const {
    const double r = radius * unit_;
    cairo_new_sub_path(cr());
    if (kind == TrailNodeKind::entrance) {
      for (const auto& [dx, dy] : {std::pair{0.0, -r}, {0.92 * r, 0.7 * r}, {-0.92 * r, 0.7 * r}})
        cairo_line_to(cr(), x + dx, y + dy);
    } else if (kind == TrailNodeKind::attraction) {
      for (int k = 0; k < 10; ++k) {
        const double angle = 0.6283185 * k - 1.5707963, reach = k % 2 == 0 ? r : 0.45 * r;
        cairo_line_to(cr(), x + reach * std::cos(angle), y + reach * std::sin(angle));
      }
    } else {
      cairo_rectangle(cr(), x - 0.7 * r, y - 0.7 * r, 1.4 * r, 1.4 * r);
    }
    cairo_close_path(cr());
    set(kind == TrailNodeKind::entrance ? ink : kind == TrailNodeKind::attraction ? sight_mark : white);
    cairo_fill_preserve(cr());
    set(kind == TrailNodeKind::entrance ? white : ink);
    cairo_set_line_width(cr(), 1.3 * unit_);
    cairo_stroke(cr());
  }
  void draw_stops() const {
    for (const TrailNodeKind kind : {TrailNodeKind::station, TrailNodeKind::entrance, TrailNodeKind::attraction})
      for (const MapStop& stop : content_.stops) {
        if (stop.kind != kind) continue;
        const Point p = on_map(stop.at);
        stop_symbol(kind, p.x, p.y, radius_of(kind, stop.per_day));
      }
  }

  void font(double size, bool bold = false, bool slanted = false) const {
    cairo_select_font_face(cr(), "DejaVu Sans", slanted ? CAIRO_FONT_SLANT_OBLIQUE : CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cr(), size * unit_);
  }
  double width_of(const std::string& text) const {
    cairo_text_extents_t extents;
    cairo_text_extents(cr(), text.c_str(), &extents);
    return extents.x_advance;
  }
  void text(double x, double y, const std::string& words, Colour colour) const {
    cairo_move_to(cr(), x, y);
    set(colour);
    cairo_show_text(cr(), words.c_str());
  }

  /// Points at which a label of the element may stand, best first.
  static std::vector<Point> anchors(const Element& element) {
    std::vector<Point> points;
    if (element.geometry.parts.empty()) return points;
    const auto& line = *std::max_element(element.geometry.parts.begin(), element.geometry.parts.end(),
                                         [](const auto& a, const auto& b) { return a.size() < b.size(); });
    if (element.geometry.kind == Geometry::Kind::polygons) {
      double area = 0.0, x = 0.0, y = 0.0;
      const Point origin = line.front();
      for (std::size_t i = 0; i + 1 < line.size(); ++i) {
        const double ax = line[i].x - origin.x, ay = line[i].y - origin.y, bx = line[i + 1].x - origin.x,
                     by = line[i + 1].y - origin.y;
        const double cross = ax * by - bx * ay;
        area += cross;
        x += (ax + bx) * cross;
        y += (ay + by) * cross;
      }
      if (area != 0.0) points.push_back({origin.x + x / (3.0 * area), origin.y + y / (3.0 * area)});
    }
    const double length = length_m(Geometry{Geometry::Kind::lines, {line}});
    const std::vector<Point> stations = stations_along(line, std::max(length / 100.0, 1.0));
    for (const double share : {0.5, 0.35, 0.65, 0.22, 0.78, 0.1, 0.9})
      if (!stations.empty())
        points.push_back(stations[static_cast<std::size_t>(share * static_cast<double>(stations.size() - 1))]);
    return points;
  }

  /// Writes words at the first of some points where there is room: over it, or only beside it. Without room they are
  /// left out; the legend still says what is there.
  void label(const std::string& words, const std::vector<Point>& points, bool may_cover, double size, Colour colour,
             std::vector<Box>& taken) const {
    font(size, true);
    const double w = width_of(words), h = size * unit_, pad = 4.0 * unit_, away = (may_cover ? 12.0 : 17.0) * unit_;
    for (const Point& anchor : points) {
      const Point p = on_map(anchor);
      int position = 0;
      for (const auto& [dx, dy] : {std::pair{-w / 2.0, h * 0.4},
                                   {away, h * 0.4},
                                   {-w - away, h * 0.4},
                                   {-w / 2.0, -away},
                                   {-w / 2.0, away + h}}) {
        if (position++ == 0 && !may_cover) continue;
        const Box box{p.x + dx - pad, p.y + dy - h - pad, w + 2.0 * pad, h + 2.0 * pad};
        if (!box.within(map_) || std::any_of(taken.begin(), taken.end(), [&](const Box& o) { return o.overlaps(box); }))
          continue;
        taken.push_back(box);
        cairo_move_to(cr(), box.x + pad, box.y + h + pad * 0.6);
        cairo_text_path(cr(), words.c_str());
        set(white, 0.92);
        cairo_set_line_width(cr(), 4.5 * unit_);
        cairo_stroke_preserve(cr());
        set(colour);
        cairo_fill(cr());
        return;
      }
    }
  }

  void draw_labels() const {
    std::vector<Box> taken;
    for (const MapStop& stop : content_.stops) {
      const Point p = on_map(stop.at);
      const double r = radius_of(stop.kind, stop.per_day) * unit_;
      taken.push_back({p.x - r, p.y - r, 2.0 * r, 2.0 * r});
    }
    for (const MapStop& stop : content_.stops)
      if (stop.kind == TrailNodeKind::attraction) label(stop.name, {stop.at}, false, 13.0, ink, taken);
    const bool is_quiet = !content_.trails.empty();
    for (const Element& element : content_.elements)
      label(element.title, anchors(element), true, is_quiet ? 13.0 : 15.0,
            mix(colour_of(element.kind), is_quiet ? faint : ink, is_quiet ? 0.5 : 0.35), taken);
  }

  /// Writes words in lines no wider than the panel; returns the baseline below the last.
  double wrapped(double y, const std::string& words, double leading, Colour colour) const {
    std::istringstream stream(words);
    std::string line, word;
    while (stream >> word) {
      const std::string longer = line.empty() ? word : line + " " + word;
      if (!line.empty() && width_of(longer) > panel_) {
        text(panel_x_, y, line, colour);
        y += leading * unit_;
        line = word;
      } else {
        line = longer;
      }
    }
    if (!line.empty()) {
      text(panel_x_, y, line, colour);
      y += leading * unit_;
    }
    return y;
  }

  double heading(double y, const std::string& words) const {
    y += 14.0 * unit_;
    font(13.0, true);
    text(panel_x_, y, words, faint);
    return y + 22.0 * unit_;
  }

  /// One line of the legend: `symbol(x, middle, width)` draws into the space left of the words.
  template <class Symbol>
  double entry(double y, const std::string& words, const Symbol& symbol) const {
    symbol(panel_x_, y - 5.0 * unit_, 30.0 * unit_);
    font(14.0);
    text(panel_x_ + 42.0 * unit_, y, words, ink);
    return y + 22.0 * unit_;
  }

  void draw_panel() const {
    double y = map_.y + 24.0 * unit_;
    y = std::min(y, margin_ + 24.0 * unit_);
    font(24.0, true);
    y = wrapped(y, content_.title, 31.0, ink);
    font(16.0);
    y = wrapped(y + 4.0 * unit_, content_.subtitle, 23.0, ink);
    font(14.0);
    y = wrapped(y + 2.0 * unit_, content_.caption, 20.0, faint);
    if (!content_.numbers.empty()) {
      y = heading(y, "FIGURES");
      for (const auto& [name, value] : content_.numbers) {
        font(14.0);
        text(panel_x_, y, name, ink);
        font(14.0, true);
        text(panel_x_ + panel_ - width_of(value), y, value, ink);
        y += 21.0 * unit_;
      }
    }
    draw_legend(y);
    draw_foot();
  }

  double draw_legend(double y) const {
    const double u = unit_;
    std::map<Element::Kind, int> kinds;
    if (content_.trails.empty())  // with trails, elements are named in the map alone
      for (const Element& element : content_.elements) ++kinds[element.kind];
    if (!kinds.empty()) y = heading(y, "GREEN FRAMEWORK");
    for (const auto& [kind, count] : kinds) {
      const bool any_area = std::any_of(
          content_.elements.begin(), content_.elements.end(),
          [&, k = kind](const Element& e) { return e.kind == k && e.geometry.kind == Geometry::Kind::polygons; });
      y = entry(y, fmt::format("{}{}", name_of(kind), count > 1 ? "s" : ""),
                [&, k = kind](double x, double middle, double w) {
                  set(colour_of(k));
                  if (any_area) {
                    cairo_rectangle(cr(), x + 1.0, middle - 7.0 * u, w - 2.0, 14.0 * u);
                    const std::array<double, 2> dash{7.0 * u, 4.0 * u};
                    cairo_set_dash(cr(), dash.data(), 2, 0.0);
                    cairo_set_line_width(cr(), 2.2 * u);
                  } else {
                    cairo_move_to(cr(), x, middle);
                    cairo_line_to(cr(), x + w, middle);
                    cairo_set_line_width(cr(), 4.0 * u);
                  }
                  cairo_stroke(cr());
                  cairo_set_dash(cr(), nullptr, 0, 0.0);
                });
    }
    if (!content_.gaps.empty())
      y = entry(y, "gap in the element's habitat",
                [&](double x, double middle, double w) { gap_symbol(x + w / 2.0, middle); });

    if (!content_.trails.empty()) y = draw_trail_legend(y);
    if (!content_.patches.empty() || !content_.links.empty()) y = heading(y, "HABITAT NETWORK");
    if (!content_.patches.empty())
      y = entry(y, "habitat patch", [&](double x, double middle, double w) {
        cairo_rectangle(cr(), x, middle - 7.0 * u, w, 14.0 * u);
        set(mix(white, patch_fill, 0.7));
        cairo_fill_preserve(cr());
        set(patch_edge);
        cairo_set_line_width(cr(), 1.4 * u);
        cairo_stroke(cr());
      });
    if (!content_.links.empty())
      y = entry(y, "link, wider where more likely travelled", [&](double x, double middle, double w) {
        cairo_move_to(cr(), x, middle);
        cairo_line_to(cr(), x + w, middle);
        set(link_line, 0.8);
        cairo_set_line_width(cr(), 2.0 * u);
        cairo_stroke(cr());
      });
    if (!content_.disturbed.empty())
      y = entry(y, "disturbed by visitors", [&](double x, double middle, double w) {
        cairo_save(cr());
        cairo_rectangle(cr(), x, middle - 7.0 * u, w, 14.0 * u);
        cairo_clip(cr());
        set(disturbed_tint, 0.8);
        cairo_set_line_width(cr(), 2.0 * u);
        for (int k = -20; k < 40; k += 8) {
          cairo_move_to(cr(), x + k * u, middle + 8.0 * u);
          cairo_line_to(cr(), x + (k + 16) * u, middle - 8.0 * u);
        }
        cairo_stroke(cr());
        cairo_restore(cr());
      });

    std::vector<const LandCoverClass*> present;
    std::map<int, std::int64_t> cells;
    for (Cell cell = 0; cell < content_.land_cover.shape.cells(); ++cell)
      if (content_.land_cover.is_valid(cell)) ++cells[content_.land_cover[cell]];
    for (const LandCoverClass& c : content_.classes.classes)
      if (cells.count(c.code) != 0) present.push_back(&c);
    if (!present.empty()) y = heading(y, "LAND COVER");
    for (const LandCoverClass* c : present) {
      if (y > height_ - margin_ - 150.0 * u) break;
      std::string name = c->name;
      std::replace(name.begin(), name.end(), '_', ' ');
      y = entry(y, name, [&](double x, double middle, double w) {
        cairo_rectangle(cr(), x, middle - 7.0 * u, w, 14.0 * u);
        set(muted(c->colour));
        cairo_fill_preserve(cr());
        set(faint);
        cairo_set_line_width(cr(), 0.8 * u);
        cairo_stroke(cr());
      });
    }
    return y;
  }

  double draw_trail_legend(double y) const {
    const double u = unit_;
    y = heading(y, "TRAILS: LOAD OVER CAPACITY, BUSIEST HOUR");
    const auto line = [&](const MapTrail& trail) {
      return [&, trail](double x, double middle, double w) {
        for (const bool is_casing : {true, false}) {
          if (is_casing && !is_used(trail)) continue;
          cairo_move_to(cr(), x + 3.0 * u, middle);
          cairo_line_to(cr(), x + w - 3.0 * u, middle);
          trail_stroke(trail, is_casing);
        }
      };
    };
    const auto any = [&](const auto& is) { return std::any_of(content_.trails.begin(), content_.trails.end(), is); };
    for (const LoadStep& step : load_steps)
      y = entry(y, step.words, line({{}, 400.0, std::min(step.most, 2.0), false}));
    if (any([](const MapTrail& trail) { return trail.is_closed; }))
      y = entry(y, "closed, at least for a season", line({{}, 0.0, 0.0, true}));
    if (any([](const MapTrail& trail) { return trail.per_hour < 0.5 && !trail.is_closed; }))
      y = entry(y, "nobody", line({{}, 0.0, 0.0, false}));
    y = heading(y, "PERSONS AN HOUR, BOTH WAYS");
    double x = panel_x_;
    for (const double persons : {10.0, 100.0, 1000.0}) {
      cairo_move_to(cr(), x + 4.0 * u, y - 5.0 * u);
      cairo_line_to(cr(), x + 44.0 * u, y - 5.0 * u);
      set(faint);
      cairo_set_line_width(cr(), trail_width(persons) * u);
      cairo_stroke(cr());
      font(14.0);
      text(x + 54.0 * u, y, fmt::format("{:g}", persons), ink);
      x += 115.0 * u;
    }
    y += 24.0 * u;
    if (!content_.stops.empty()) y = heading(y, "PLACES");
    for (const auto& [kind, words] : {std::pair{TrailNodeKind::entrance, "entrance, larger where more come in"},
                                      {TrailNodeKind::attraction, "attraction"},
                                      {TrailNodeKind::station, "station"}})
      if (std::any_of(content_.stops.begin(), content_.stops.end(),
                      [&, k = kind](const MapStop& stop) { return stop.kind == k; }))
        y = entry(y, words, [&, k = kind](double left, double middle, double w) {
          stop_symbol(k, left + w / 2.0, middle, radius_of(k, 400.0));
        });
    return y;
  }

  /// Scale bar, north arrow, CRS and notice, at the panel's foot.
  void draw_foot() const {
    const double u = unit_, bottom = height_ - margin_;
    font(12.0, false, true);
    // Lines are counted first, so that the notice ends at the sheet's foot.
    double lines = 0.0;
    {
      std::istringstream stream(content_.notice);
      std::string line, word;
      while (stream >> word) {
        const std::string longer = line.empty() ? word : line + " " + word;
        if (!line.empty() && width_of(longer) > panel_) {
          ++lines;
          line = word;
        } else {
          line = longer;
        }
      }
      lines += line.empty() ? 0.0 : 1.0;
    }
    wrapped(bottom - (lines - 1.0) * 16.0 * u - 2.0 * u, content_.notice, 16.0, faint);
    double y = bottom - lines * 16.0 * u - 14.0 * u;
    font(12.0);
    text(panel_x_, y, content_.crs_name + fmt::format(", cells of {:g} m", content_.frame.cell_m), faint);
    y -= 34.0 * u;

    const double longest_m = 0.55 * panel_ / px_per_m();
    double step = std::pow(10.0, std::floor(std::log10(longest_m)));
    if (5.0 * step <= longest_m)
      step *= 5.0;
    else if (2.0 * step <= longest_m)
      step *= 2.0;
    const double length = step * px_per_m();
    for (int k = 0; k < 4; ++k) {
      cairo_rectangle(cr(), panel_x_ + k * length / 4.0, y, length / 4.0, 6.0 * u);
      set(k % 2 == 0 ? ink : white);
      cairo_fill_preserve(cr());
      set(ink);
      cairo_set_line_width(cr(), 1.0 * u);
      cairo_stroke(cr());
    }
    font(13.0);
    text(panel_x_ - 2.0 * u, y - 6.0 * u, "0", ink);
    const std::string words = step >= 1000.0 ? fmt::format("{:g} km", step / 1000.0) : fmt::format("{:g} m", step);
    text(panel_x_ + length - width_of(words) / 2.0, y - 6.0 * u, words, ink);

    const double ax = panel_x_ + panel_ - 22.0 * u, ay = y - 26.0 * u;
    cairo_move_to(cr(), ax, ay);
    cairo_line_to(cr(), ax + 9.0 * u, ay + 32.0 * u);
    cairo_line_to(cr(), ax, ay + 24.0 * u);
    cairo_line_to(cr(), ax - 9.0 * u, ay + 32.0 * u);
    cairo_close_path(cr());
    set(ink);
    cairo_fill(cr());
    font(14.0, true);
    text(ax - width_of("N") / 2.0, ay - 5.0 * u, "N", ink);
  }

  const MapContent& content_;
  double unit_ = 1.0, margin_ = 0.0, panel_ = 0.0, panel_x_ = 0.0, height_ = 0.0;
  Box map_{};
  std::unique_ptr<cairo_surface_t, FreeSurface> surface_;
  std::unique_ptr<cairo_t, FreeContext> cairo_;
};

}  // namespace

void write_map_png(const fs::path& path, const MapContent& content) {
  require_new_file(path);
  Sheet sheet(content);
  sheet.draw();
  const fs::path unfinished = path.string() + ".unfinished";
  if (!sheet.write(unfinished)) {
    std::error_code ignored;
    fs::remove(unfinished, ignored);
    throw InputError(path.string(), "", "cannot be written", "is the disk full, or the folder read-only?");
  }
  fs::rename(unfinished, path);
}

std::string name_of_crs(const Frame& frame) { return frame.crs.empty() ? "no CRS" : describe(crs_of(frame.crs)); }

}  // namespace greenweave
