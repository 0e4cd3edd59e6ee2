// The types of the language, interned: two types are equal exactly when their ids are.
//
// A `TypeTable` owns every type of one compilation. Records and enumerations are nominal: each
// declaration gets a type of its own. The table also says how a value is laid out in memory: as
// *leaves*, one column each (see `Leaf`).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "compiler/support/ids.h"

namespace streamc {

using TypeId = Id<struct TypeTag>;

enum class TypeKind : std::uint8_t {
  Error,  // Stands for a value whose mistake is reported already; fits everywhere, silently.
  Bool,
  Int,    // 64-bit two's complement; wraps.
  Float,  // IEEE 754 binary64.
  String,
  Time,      // Nanoseconds since 1970-01-01T00:00:00Z.
  Duration,  // Nanoseconds.
  Rate,      // Exact: numerator ticks in denominator seconds, see RateValue.
  None,      // The type of the literal `none`; converts to every option.
  Nothing,   // The result of an expression that always fails (`fail("why")`); converts to all.
  Record,
  Enumeration,
  Tuple,
  Option,
  Array,   // T[N]: a fixed number of elements.
  Window,  // T[]: a view of a window's values, valid while the item is handled.
  Function,
  Stream,  // Only in headers of `graph` declarations and in messages.
  Parameter,  // A generic's type parameter; only inside headers, before instantiation.
};

// One field of a record, or one value of an enumeration (then `type_id` is Int and unused).
struct TypeField {
  std::string name;
  TypeId type_id;
  std::string outside_name;  // The column or key in files; equals `name` unless the type says so.
};

struct Type {
  TypeKind kind = TypeKind::Error;
  std::string name;                // Record, Enumeration, Parameter.
  std::vector<TypeField> fields;   // Record: fields. Enumeration: its values, in order.
  std::vector<TypeId> elements;    // Tuple: members. Function: parameters, then the result.
  TypeId element_id;               // Option, Array, Window, Stream.
  std::int64_t length = 0;         // Array.
};

// A scalar part of a value, and so a column of a stream of such values. A record is the leaves of
// its fields in order; a tuple likewise; an option is an I8 flag (1: present) before the leaves of
// its element; an array of N multiplies the count of its element's leaves by N (element-major
// inside the leaf); a window view is one View leaf for each leaf of its element.
enum class LeafKind : std::uint8_t {
  I8,    // bool and the flag of an option.
  I64,   // int, time, duration, enumeration (index of the value).
  F64,   // float.
  Text,  // string: pointer and size in bytes, 16 bytes.
  View,  // T[]: pointer to the first element of one leaf, and the number of elements, 16 bytes.
  Rate,  // rate: numerator and denominator, 2 x int64, 16 bytes.
};

struct Leaf {
  LeafKind kind = LeafKind::I64;
  std::int64_t count = 1;      // Elements of this kind in one item; more than 1 only below arrays.
  LeafKind view_kind = LeafKind::I64;  // View only: the kind behind the pointer,
  std::int64_t view_count = 1;         // and its count for each element of the view.
};

// Bytes of one element of a leaf kind.
[[nodiscard]] std::int64_t leaf_kind_size(LeafKind kind);

class TypeTable {
 public:
  TypeTable();

  [[nodiscard]] const Type& get(TypeId id) const { return types_[id.index()]; }
  [[nodiscard]] TypeKind kind(TypeId id) const { return get(id).kind; }

  // Scalars, None, Nothing and Error have one type each.
  [[nodiscard]] TypeId scalar(TypeKind kind) const;
  [[nodiscard]] TypeId error() const { return scalar(TypeKind::Error); }

  [[nodiscard]] TypeId option(TypeId element);  // option(option(T)) is option(T).
  [[nodiscard]] TypeId array(TypeId element, std::int64_t length);
  [[nodiscard]] TypeId window(TypeId element);
  [[nodiscard]] TypeId stream(TypeId element);
  [[nodiscard]] TypeId tuple(std::vector<TypeId> members);
  [[nodiscard]] TypeId function(std::vector<TypeId> parameters, TypeId result);
  [[nodiscard]] TypeId parameter(std::string name);

  // Each call makes a new nominal type.
  [[nodiscard]] TypeId declare_record(std::string name);
  void set_record_fields(TypeId record, std::vector<TypeField> fields);
  [[nodiscard]] TypeId declare_enumeration(std::string name, std::vector<std::string> values);

  // As users write it: `float`, `Reading?`, `(int, float)[]`.
  [[nodiscard]] std::string text(TypeId id) const;

  // The columns of a stream of this type, in order.
  [[nodiscard]] std::vector<Leaf> leaves(TypeId id) const;
  // Index of the first leaf of field or member `index` among the leaves of record or tuple `id`.
  [[nodiscard]] std::size_t first_leaf_of_field(TypeId id, std::size_t index) const;

  [[nodiscard]] bool is_number(TypeId id) const;   // int, float
  [[nodiscard]] bool is_ordered(TypeId id) const;  // compares with < : numbers, time, duration, rate, string
  [[nodiscard]] std::size_t size() const { return types_.size(); }

 private:
  TypeId intern(Type type);

  std::vector<Type> types_;
  std::unordered_map<std::string, TypeId> by_key_;
};

// `44.1kHz` is 44100 / 1; always in lowest terms, denominator > 0.
struct RateValue {
  std::int64_t numerator = 1;
  std::int64_t denominator = 1;
  friend bool operator==(const RateValue&, const RateValue&) = default;
};

}  // namespace streamc
