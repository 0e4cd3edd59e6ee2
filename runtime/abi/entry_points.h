// The functions of entry_points.def, declared as C++ sees them. Each is documented in the list;
// they are defined in agent/entry_points.cpp and base/math.cpp.
#pragma once

#include "runtime/abi/stream_abi.h"

extern "C" {
void stream_queue_reserve(StreamContext* context, int32_t queue, int64_t ticks, StreamOutput* out);
void stream_queue_commit(StreamContext* context, int32_t queue, int64_t ticks);
void stream_queue_end(StreamContext* context, int32_t queue, int64_t end_stamp);
void stream_region_stopped(StreamContext* context, int64_t ticks);
void stream_queue_grow(StreamContext* context, int32_t queue, int64_t ticks, StreamOutput* inout);

void* stream_arena_allocate(StreamContext* context, int64_t bytes);
void* stream_state_allocate(StreamContext* context, int64_t bytes);
void stream_text_keep(StreamContext* context, StreamText* slot, const char* data, int64_t size);
const char* stream_text_copy(StreamContext* context, const char* data, int64_t size);

void stream_report_failure(StreamContext* context, int32_t site, int32_t reason, int64_t position,
                           int64_t stamp, const StreamText* detail);
void stream_hold_failures(StreamContext* context);
void stream_settle_failures(StreamContext* context, int32_t status);

void* stream_text_start(StreamContext* context);
void stream_text_append(void* builder, const char* data, int64_t size);
void stream_text_append_value(void* builder, const StreamType* type, const void* const* leaves,
                              const char* spec);
void stream_text_finish(void* builder, StreamText* out);

int32_t stream_text_compare(const char* left, int64_t left_size, const char* right,
                            int64_t right_size);
int64_t stream_text_length(const char* data, int64_t size);
int8_t stream_text_contains(const char* data, int64_t size, const char* part, int64_t part_size);
int8_t stream_text_starts_with(const char* data, int64_t size, const char* part, int64_t part_size);
int8_t stream_text_ends_with(const char* data, int64_t size, const char* part, int64_t part_size);
void stream_text_transform(StreamContext* context, int32_t operation, const char* data,
                           int64_t size, StreamText* out);
void stream_text_concatenate(StreamContext* context, const char* left, int64_t left_size,
                             const char* right, int64_t right_size, StreamText* out);
int8_t stream_parse_int(const char* data, int64_t size, int64_t* out);
int8_t stream_parse_float(const char* data, int64_t size, double* out);
int32_t stream_rate_compare(int64_t left_numerator, int64_t left_denominator,
                            int64_t right_numerator, int64_t right_denominator);

int32_t stream_run_nodes(const void* program, const void* options);

double stream_math_exp(double);
double stream_math_log(double);
double stream_math_log2(double);
double stream_math_log10(double);
double stream_math_sin(double);
double stream_math_cos(double);
double stream_math_tan(double);
double stream_math_asin(double);
double stream_math_acos(double);
double stream_math_atan(double);
double stream_math_atan2(double, double);
double stream_math_sinh(double);
double stream_math_cosh(double);
double stream_math_tanh(double);
double stream_math_hypot(double, double);
double stream_math_pow(double, double);
double stream_math_fmod(double, double);
double stream_math_fma(double, double, double);
}
