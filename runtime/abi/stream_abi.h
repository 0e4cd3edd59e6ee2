// All that compiled programs and the runtime share: plain structs, C linkage, fixed layout.
//
// A compiled program is one object that defines `stream_program` (a StreamProgram) and, in an
// executable, leaves `main` to the runtime. The runtime reads the descriptor, parses the command
// line, opens sources and sinks, and drives the regions in batches. Functions that generated code
// calls stand in entry_points.def.
//
// Pointers in the descriptor are constants of the program. All counts are int64_t. Generated code
// mirrors these structs in LLVM; static_asserts below pin the layout on 64-bit machines.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Bytes of a string, UTF-8, not terminated. Where it is an item's value it lives until the batch
// has been worked off; whoever keeps it longer copies it.
typedef struct StreamText {
  const char* data;
  int64_t size;
} StreamText;

// A window view of one leaf: `count` elements from `data` on.
typedef struct StreamView {
  const void* data;
  int64_t count;
} StreamView;

typedef struct StreamRate {
  int64_t numerator;  // Ticks in
  int64_t denominator;  // this many seconds.
} StreamRate;

// compiler/sema/types.h says what leaves are. Sizes: 1, 8, 8, 16, 16, 16 bytes.
enum StreamLeafKind {
  STREAM_LEAF_I8 = 0,
  STREAM_LEAF_I64 = 1,
  STREAM_LEAF_F64 = 2,
  STREAM_LEAF_TEXT = 3,
  STREAM_LEAF_VIEW = 4,
  STREAM_LEAF_RATE = 5
};

typedef struct StreamLeaf {
  int32_t kind;       // StreamLeafKind
  int32_t view_kind;  // Views only: kind of the elements,
  int64_t count;      // Elements of `kind` in one item (1 but below fixed arrays).
  int64_t view_count; // and their count for each element of the view.
} StreamLeaf;

enum StreamTypeKind {
  STREAM_TYPE_BOOL = 0,
  STREAM_TYPE_INT = 1,
  STREAM_TYPE_FLOAT = 2,
  STREAM_TYPE_STRING = 3,
  STREAM_TYPE_TIME = 4,
  STREAM_TYPE_DURATION = 5,
  STREAM_TYPE_RATE = 6,
  STREAM_TYPE_RECORD = 7,
  STREAM_TYPE_ENUMERATION = 8,
  STREAM_TYPE_TUPLE = 9,
  STREAM_TYPE_OPTION = 10,
  STREAM_TYPE_ARRAY = 11,
  STREAM_TYPE_WINDOW = 12
};

struct StreamType;

typedef struct StreamField {
  const char* name;          // Tuples: "".
  const char* outside_name;  // Of the column in files.
  const struct StreamType* type;
} StreamField;

// What the runtime needs to read and write values of a type: parse rows, print items.
typedef struct StreamType {
  int32_t kind;  // StreamTypeKind
  int32_t leaf_count;
  const StreamLeaf* leaves;
  const char* name;           // Record, enumeration.
  int64_t field_count;        // Record, tuple: members. Enumeration: values (names only).
  const StreamField* fields;
  const struct StreamType* element;  // Option, array, window.
  int64_t length;                    // Array.
} StreamType;

// A batch of ticks as columns. Column c holds for tick i `leaves[c].count` elements from index
// i * leaves[c].count on. `valid` is null if no tick is a hole; else one byte a tick, 1 for a value.
// `stamps` is null where the stamp of tick i is `first_position + i`.
// Columns have room for 8 more ticks than `count`, so that vector code may overrun them; they are
// aligned as their elements are, and to 64 bytes only by luck.
typedef struct StreamBatch {
  int64_t count;
  int64_t first_position;  // Number of the first tick since the stream began.
  void* const* columns;
  const uint8_t* valid;
  const int64_t* stamps;
} StreamBatch;

// Texts and views of a committed tick must be sound or zero ({null, 0}), also below an absent option;
// only those of holes may be anything: the queue copies what they point to.

// Where a region writes what leaves it. reserve() in entry_points.def fills it; the region then
// sets the columns and calls commit.
typedef struct StreamOutput {
  void** columns;
  uint8_t* valid;   // Null if the queue's `has_valid` is 0.
  int64_t* stamps;  // Null if the queue's `has_stamps` is 0.
  int64_t capacity; // Ticks that fit, not counting the 8 spare ones.
} StreamOutput;

enum { STREAM_BATCH_LIMIT = 1024 };  // Ticks in one call of a region, at the most.

typedef struct StreamContext StreamContext;  // Opaque to generated code.

enum StreamRegionFlags { STREAM_REGION_END = 1 };  // These ticks are the last: run `on end`, emit `rest`.

// What a region says back.
enum StreamRegionStatus {
  STREAM_REGION_MORE = 0,
  STREAM_REGION_DONE = 1,  // It needs no further input (every `take` below is full): cancel upstream.
  STREAM_REGION_STOP = 2   // An `else stop` met a hole: end the program after what precedes it.
};

// Handles `count` ticks (0 <= count <= STREAM_BATCH_LIMIT) of each input. `state` is the region's own.
// STREAM_REGION_END comes exactly once, in a last call without ticks (count 0), also after the region
// said DONE or STOP. In that call `inputs[0].stamps` is never null and `stamps[0]` is the T of END(T):
// what `on end` calls `now`, or INT64_MIN if nothing ever had a stamp (`now` is 0 then). Items committed then with an earlier stamp are stamped T by the queue, so that
// frontiers stay true. What `evaluate` and `initialize` allocate lasts as long as the run.
typedef int32_t (*StreamRegionFunction)(void* state, StreamContext* context, const StreamBatch* inputs,
                                        int64_t count, uint32_t flags);

// What the writer of a full queue does, if its reader is in another part. Others but the first are licensed by the
// program (`best_effort`).
enum StreamWhenFull {
  STREAM_FULL_WAIT = 0,
  STREAM_FULL_DROP_OLDEST = 1,  // Gives up what has waited longest.
  STREAM_FULL_DROP_NEWEST = 2,  // Gives up what it would write.
  STREAM_FULL_SAMPLE = 3        // Keeps one of `keep_every` waiting items, from the oldest on.
};

// Columns that wait between a region and its readers. `element` describes the items.
typedef struct StreamQueue {
  const StreamType* type;
  int32_t has_valid;
  int32_t has_stamps;
  const char* name;  // The equation, for messages and --stats.
  int32_t has_times; // Stamps are times; else positions.
  int32_t counts_loop;  // Stamps only number what goes round: they say nothing beside others.
  int64_t skew;      // Items that must fit before its reader moves: one of several in step runs ahead.
  int64_t capacity;  // Items on the way between two parts, at the most; 0: what the runtime chooses.
  int64_t spool_bytes;  // Between nodes: room on the writer's disk for what is on the way; 0: it is not kept there.
  int32_t when_full;   // StreamWhenFull
  int32_t keep_every;  // STREAM_FULL_SAMPLE: at least 2.
} StreamQueue;

enum StreamHeadKind {
  STREAM_HEAD_SOURCE = 0,
  STREAM_HEAD_ZIP = 1,
  STREAM_HEAD_MERGE = 2,
  STREAM_HEAD_LINK = 3,
  STREAM_HEAD_DELAY = 4
};

// A region: its head's inputs are queues (a source has exactly one, which the runtime fills from
// the connector). Zip: all inputs in step. Merge: one batch in, items of all inputs in order
// (stamp, input position); its inputs have the same type, and the stamps are always in the batch.
// Link: all inputs in step, ticks of one clock that another region works on before; it ends with its first input,
// which is also where stamps are, if there are any. The others may come round from what it writes itself: then
// `initialize` writes their first ticks.
// Delay: one input. By items, `initialize` writes the first ticks of its queue; by time, `delay_ns` is added to every
// stamp of it, and what waits there is let go when no earlier stamp can follow, but on a cycle at once.
typedef struct StreamRegion {
  int32_t head_kind;  // StreamHeadKind
  int32_t source;     // Index into sources, for STREAM_HEAD_SOURCE, else -1.
  int32_t input_count;
  int32_t output_count;
  const int32_t* inputs;   // Queue indices; a queue has one reader.
  const int32_t* outputs;  // Queue indices written; a queue has one writer. For frontiers and END.
  int32_t needs_stamps;    // 1: the region reads `stamps` of its inputs.
  int32_t part;            // Index of the part that runs it.
  int32_t end_matters;     // 1: END(T) shows in items, here or further down, so no frontier may pass T.
  int32_t loop;            // The cycle through delays that the region stands on, from 1; 0: none.
  int64_t state_size;      // Bytes, zeroed and 64-byte aligned before initialize is called.
  void (*initialize)(void* state, StreamContext* context);
  StreamRegionFunction run;
  const char* name;
  int64_t delay_ns;        // STREAM_HEAD_DELAY: what is added to stamps; 0: it delays by items.
  int64_t delay_limit;     // STREAM_HEAD_DELAY, on a cycle or by time: items that may wait in front of it.
} StreamRegion;

enum StreamArgumentKind {
  STREAM_ARGUMENT_BOOL = 0,
  STREAM_ARGUMENT_INT = 1,    // Also duration, time and enumerations: `integer`.
  STREAM_ARGUMENT_FLOAT = 2,
  STREAM_ARGUMENT_TEXT = 3,
  STREAM_ARGUMENT_RATE = 4,
  STREAM_ARGUMENT_NONE = 5
};

// A connector's argument; the program's `evaluate` function fills in the values.
typedef struct StreamArgument {
  const char* name;
  int32_t kind;
  int32_t reserved;
  int64_t integer;
  double real;
  StreamText text;
  StreamRate rate;
} StreamArgument;

typedef struct StreamSource {
  const char* connector;      // "csv.read", …; "list" for a list in memory.
  const StreamType* type;
  int64_t argument_count;
  StreamArgument* arguments;
  int32_t queue;              // Index of the queue it fills.
  int32_t has_rate;
  StreamRate rate;            // If has_rate: stamp of tick i = floor(i * denominator * 10^9 / numerator).
  int32_t time_field;         // Field of the record that gives the stamps, or -1.
  int32_t site;               // Failure site of records that cannot be read.
  // connector "list" only, filled by `evaluate`; null stamps: positions (or the rate).
  int64_t list_count;
  void* const* list_columns;
  const uint8_t* list_valid;
  const int64_t* list_stamps;
  int64_t list_has_end;
  int64_t list_end_stamp;
} StreamSource;

typedef struct StreamSink {
  const char* connector;      // "print", …; "capture" for a test's observed stream.
  int64_t argument_count;
  StreamArgument* arguments;
  int32_t queue;              // Index of the queue it reads.
  int32_t order_group;        // Sinks of equal group share one order (stamp, then `textual_order`).
  int32_t textual_order;
  int32_t capture_index;      // "capture" only.
  const char* equation;
  int32_t part;               // Index of the part that writes it.
  int32_t reserved;
} StreamSink;

// Where the program runs: nodes (machines) hold processes, processes hold parts, each a thread. The first
// process of a node is the one that was started, and the first part of a process is its first thread.
typedef struct StreamNode {
  const char* name;  // "" without nodes.
  const char* host;  // Name or address by which other nodes reach it; "": this machine.
  int32_t port;      // Where it listens.
  int32_t follows;   // 1 + index of the node to whose clock its own is shifted; 0: it goes by its own.
  // What would be lost if it were started again while the others wait, in words for the user; "": nothing that it has
  // not accepted. Null where no queue that it writes has a spool: what was on its way is lost then, too.
  const char* lost_on_restart;
} StreamNode;

typedef struct StreamProcess {
  const char* name;  // "" for the first of a node.
  int32_t node;
  int32_t restart;   // How often it may be started again after it died; -1: always.
} StreamProcess;

typedef struct StreamPart {
  const char* name;
  int32_t process;
  int32_t core;      // The processor that it stays on; -1: any.
  int32_t priority;  // Of SCHED_FIFO, 1 to 99; 0: not a real-time thread.
  int32_t reserved;
} StreamPart;

// A param of the program: a command-line flag.
typedef struct StreamParam {
  const char* name;
  const char* help;
  const StreamType* type;     // bool, int, float, string, time, duration, rate or enumeration.
  void* storage;              // One packed value of the type's only leaf; holds the default.
  const char* default_text;   // For --help; null if the param is required.
  int32_t is_fixed;           // Fixed when building: a flag of this name is refused with an explanation.
  int32_t reserved;
} StreamParam;

// A place in the program where an item can fail.
typedef struct StreamSite {
  const char* equation;
  const char* file;
  int32_t line;
  int32_t column;
  int32_t is_handled;  // An `else` takes it: counted and told, but not an error of the run.
  int32_t reserved;
} StreamSite;

enum StreamFailureReason {
  STREAM_FAILURE_NONE = 0,
  STREAM_FAILURE_DIVISION_BY_ZERO = 1,
  STREAM_FAILURE_INDEX_OUT_OF_RANGE = 2,
  STREAM_FAILURE_CONVERSION = 3,      // int(x) beyond the range, or of NaN.
  STREAM_FAILURE_NONE_VALUE = 4,      // A value was needed, and it is `none`.
  STREAM_FAILURE_PARSE = 5,           // Text that is not a value of the type.
  STREAM_FAILURE_USER = 6,            // fail("why"): the text says why.
  STREAM_FAILURE_SHIFT_COUNT = 7
};

typedef struct StreamProgram {
  uint32_t abi_version;  // STREAM_ABI_VERSION
  uint32_t reserved;
  const char* name;
  const char* description;  // The comment block at the top of the program.
  int64_t param_count;
  StreamParam* params;
  int64_t queue_count;
  const StreamQueue* queues;
  int64_t source_count;
  StreamSource* sources;
  int64_t sink_count;
  StreamSink* sinks;
  int64_t region_count;     // In topological order of the queues between them.
  const StreamRegion* regions;
  int64_t site_count;
  const StreamSite* sites;
  // Computes named constants, arguments of connectors and lists, once the params are set.
  void (*evaluate)(StreamContext* context);
  int64_t node_count;       // 0, with the next two: one thread runs everything.
  const StreamNode* nodes;
  int64_t process_count;
  const StreamProcess* processes;
  int64_t part_count;
  const StreamPart* parts;
  int32_t main_part;              // Where the console is.
  int32_t allows_insecure_links;  // 1: nodes may link without TLS also beyond one machine.
  // stream_run_nodes, if there are several nodes: nothing else links what joins them. `options`: the RunOptions.
  int32_t (*run_nodes)(const void* program, const void* options);
  const char* tls;  // Folder of the certificates with which nodes speak TLS; "": they do not.
  const unsigned char*
      semantic_hash;  // 32 bytes: equal for programs that mean the same (semantics.md §11).
} StreamProgram;

enum { STREAM_ABI_VERSION = 4 };

extern const StreamProgram stream_program;

#ifdef __cplusplus
}  // extern "C"

static_assert(sizeof(void*) != 8 || sizeof(StreamType) == 56);
static_assert(sizeof(void*) != 8 || sizeof(StreamBatch) == 40);
static_assert(sizeof(StreamLeaf) == 24);
#endif
