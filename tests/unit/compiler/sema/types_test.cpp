#include <doctest/doctest.h>

#include "compiler/sema/types.h"

namespace streamc {
namespace {

TEST_CASE("equal types have equal ids") {
  TypeTable types;
  const TypeId number = types.scalar(TypeKind::Float);
  CHECK(types.array(number, 3) == types.array(number, 3));
  CHECK(types.array(number, 3) != types.array(number, 4));
  CHECK(types.array(number, 3) != types.window(number));
  CHECK(types.tuple({number, number}) == types.tuple({number, number}));
  CHECK(types.option(types.option(number)) == types.option(number));
  CHECK(types.declare_record("A") != types.declare_record("A"));
}

TEST_CASE("types print as users write them") {
  TypeTable types;
  const TypeId number = types.scalar(TypeKind::Float);
  const TypeId count = types.scalar(TypeKind::Int);
  CHECK(types.text(types.window(types.tuple({count, number}))) == "(int, float)[]");
  CHECK(types.text(types.option(types.array(count, 4))) == "int[4]?");
  CHECK(types.text(types.option(types.function({count}, number))) == "((int) -> float)?");
  CHECK(types.text(types.stream(number)) == "stream[float]");
}

TEST_CASE("leaves are the columns of a stream") {
  TypeTable types;
  const TypeId number = types.scalar(TypeKind::Float);
  const TypeId text = types.scalar(TypeKind::String);
  const TypeId record = types.declare_record("R");
  types.set_record_fields(record, {{"a", types.option(number), "a"},
                                   {"b", types.array(types.scalar(TypeKind::Int), 5), "b"},
                                   {"c", text, "c"}});
  const std::vector<Leaf> leaves = types.leaves(record);
  REQUIRE(leaves.size() == 4);
  CHECK(leaves[0].kind == LeafKind::I8);
  CHECK(leaves[1].kind == LeafKind::F64);
  CHECK(leaves[2].kind == LeafKind::I64);
  CHECK(leaves[2].count == 5);
  CHECK(leaves[3].kind == LeafKind::Text);
  CHECK(types.first_leaf_of_field(record, 2) == 3);

  const std::vector<Leaf> views = types.leaves(types.window(record));
  REQUIRE(views.size() == 4);
  CHECK(views[2].kind == LeafKind::View);
  CHECK(views[2].view_kind == LeafKind::I64);
  CHECK(views[2].view_count == 5);
  CHECK(leaf_kind_size(LeafKind::Text) == 16);
}

}  // namespace
}  // namespace streamc
