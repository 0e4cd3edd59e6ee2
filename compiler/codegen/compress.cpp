#include "compiler/codegen/compress.h"

#include <llvm/IR/IntrinsicsX86.h>

#include <array>

namespace streamc {

namespace {

llvm::Value* half(FunctionFrame& frame, llvm::Value* lanes, int first) {
  return frame.builder.CreateShuffleVector(lanes,
                                           llvm::ArrayRef<int>{first, first + 1, first + 2, first + 3});
}

// How many bits of an integer are set, as i64.
llvm::Value* bit_count(FunctionFrame& frame, llvm::Value* bits) {
  llvm::Value* wide = frame.builder.CreateZExt(bits, frame.module.i32);
  llvm::Value* count = frame.builder.CreateUnaryIntrinsic(llvm::Intrinsic::ctpop, wide);
  return frame.builder.CreateZExt(count, frame.module.i64);
}

// For each set of four lanes: which 4-byte parts of them come first, and in which order.
llvm::GlobalVariable* permutation_table(ModuleContext& module) {
  if (auto* known = module.module->getGlobalVariable("compress_table", true)) return known;
  std::vector<std::uint32_t> table(std::size_t{16} * 8, 0);
  for (std::size_t mask = 0; mask < 16; ++mask) {
    std::size_t next = 0;
    for (std::uint32_t lane = 0; lane < 4; ++lane) {
      if ((mask >> lane & 1) == 0) continue;
      table[mask * 8 + next++] = 2 * lane;
      table[mask * 8 + next++] = 2 * lane + 1;
    }
  }
  auto* data = llvm::ConstantDataArray::get(*module.context, table);
  auto* global = new llvm::GlobalVariable(*module.module, data->getType(), true,
                                          llvm::GlobalValue::InternalLinkage, data,
                                          "compress_table");
  global->setAlignment(llvm::Align(64));
  return global;
}

void store_lane_by_lane(FunctionFrame& frame, const CompressColumn& column,
                        const std::array<llvm::Value*, 8>& places) {
  llvm::Type* type = frame.module.memory_type(column.kind);
  for (std::uint64_t lane = 0; lane < 8; ++lane) {
    llvm::Value* value = frame.builder.CreateExtractElement(column.lanes, lane);
    if (column.kind == LeafKind::I8) value = frame.builder.CreateZExt(value, frame.module.i8);
    frame.store(value, frame.element(type, column.address, places[lane]), column.memory);
  }
}

std::array<llvm::Value*, 8> lane_places(FunctionFrame& frame, llvm::Value* place,
                                        llvm::Value* mask, llvm::Value*& behind) {
  std::array<llvm::Value*, 8> places{};
  for (std::uint64_t lane = 0; lane < 8; ++lane) {
    places[lane] = place;
    llvm::Value* bit = frame.builder.CreateExtractElement(mask, lane);
    place = frame.builder.CreateAdd(place, frame.builder.CreateZExt(bit, frame.module.i64));
  }
  behind = place;
  return places;
}

llvm::Value* append_compress8(FunctionFrame& frame, const std::vector<CompressColumn>& columns,
                              llvm::Value* place, llvm::Value* mask) {
  for (const CompressColumn& column : columns) {
    if (column.kind == LeafKind::I8) {
      llvm::Value* behind = nullptr;
      store_lane_by_lane(frame, column, lane_places(frame, place, mask, behind));
      continue;
    }
    llvm::Type* type = column.lanes->getType();
    llvm::Value* packed = frame.builder.CreateIntrinsic(
        llvm::Intrinsic::x86_avx512_mask_compress, {type},
        {column.lanes, llvm::Constant::getNullValue(type), mask});
    frame.store(packed, frame.element(frame.module.i64, column.address, place), column.memory, 8);
  }
  llvm::Value* bits = frame.builder.CreateBitCast(mask, frame.module.i8);
  return frame.builder.CreateAdd(place, bit_count(frame, bits));
}

llvm::Value* append_permute4(FunctionFrame& frame, const std::vector<CompressColumn>& columns,
                             llvm::Value* place, llvm::Value* mask) {
  llvm::IRBuilder<>& builder = frame.builder;
  llvm::Value* const start = place;
  auto* words = llvm::FixedVectorType::get(frame.module.i32, 8);
  auto* four_bits = llvm::IntegerType::get(*frame.module.context, 4);
  llvm::GlobalVariable* table = permutation_table(frame.module);
  for (int first = 0; first < 8; first += 4) {
    llvm::Value* bits = builder.CreateBitCast(half(frame, mask, first), four_bits);
    llvm::Value* row = builder.CreateZExt(bits, frame.module.i64);
    llvm::Value* order = frame.load(words, frame.element(words, table, row), 0, "", 32);
    for (const CompressColumn& column : columns) {
      if (column.kind == LeafKind::I8) continue;
      llvm::Value* lanes = half(frame, column.lanes, first);
      llvm::Value* packed = builder.CreateIntrinsic(llvm::Intrinsic::x86_avx2_permd, {},
                                                    {builder.CreateBitCast(lanes, words), order});
      frame.store(builder.CreateBitCast(packed, lanes->getType()),
                  frame.element(frame.module.i64, column.address, place), column.memory, 8);
    }
    place = builder.CreateAdd(place, bit_count(frame, bits));
  }
  for (const CompressColumn& column : columns) {
    if (column.kind != LeafKind::I8) continue;
    llvm::Value* behind = nullptr;
    store_lane_by_lane(frame, column, lane_places(frame, start, mask, behind));
  }
  return place;
}

}  // namespace

llvm::Value* append_chosen(FunctionFrame& frame, const std::vector<CompressColumn>& columns,
                           llvm::Value* place, llvm::Value* mask) {
  switch (frame.module.target.compress) {
    case CompressShape::Compress8:
      return append_compress8(frame, columns, place, mask);
    case CompressShape::Permute4:
      return append_permute4(frame, columns, place, mask);
    case CompressShape::Lanes:
      break;
  }
  llvm::Value* behind = nullptr;
  const std::array<llvm::Value*, 8> places = lane_places(frame, place, mask, behind);
  for (const CompressColumn& column : columns) store_lane_by_lane(frame, column, places);
  return behind;
}

}  // namespace streamc
