#ifndef TP_MODEL_KEY_FIELDS_H
#define TP_MODEL_KEY_FIELDS_H
/* Rows of key tables, and of families. */

/* Bounds wide enough for any model thought of, and tight enough that 64-bit products of them
 * (layers x ways x hidden x ffn x 3) cannot overflow. */
#define COUNT(key, field, most)                                                 \
  {                                                                             \
    key, TP_FIELD_INT64, offsetof(struct tp_config, field), 1, most, true, NULL \
  }
#define COUNT_OR_NONE(key, field, most)                                         \
  {                                                                             \
    key, TP_FIELD_INT64, offsetof(struct tp_config, field), 0, most, true, NULL \
  }
#define SWITCH(key, field)                                                  \
  {                                                                         \
    key, TP_FIELD_BOOL, offsetof(struct tp_config, field), 0, 0, true, NULL \
  }
#define CHOICE(key, field, words)                                            \
  {                                                                          \
    key, TP_FIELD_ENUM, offsetof(struct tp_config, field), 0, 0, true, words \
  }

#define LAYERS(key)    COUNT(key, model.layers, 2000)
#define HIDDEN(key)    COUNT(key, model.hidden, 262144)
#define HEADS(key)     COUNT(key, model.heads, 16384)
#define KV_HEADS(key)  COUNT(key, model.kv_heads, 16384)
#define HEAD_DIM(key)  COUNT(key, model.head_dim, 4096)
#define FFN(key)       COUNT(key, model.ffn, 4194304)
#define VOCAB          COUNT("vocab_size", model.vocab, 100000000)
#define POSITIONS(key) COUNT(key, model.max_positions, 100000000)
#define TIED           SWITCH("tie_word_embeddings", model.tied_head)

/* Shapes: layers, hidden, heads, key/value heads (0: as heads), MLP width, vocabulary. */
#define SIZES(l, h, a, kv, f, v) \
  .layers = (l), .hidden = (h), .heads = (a), .kv_heads = (kv), .ffn = (f), .vocab = (v)
#define RMS_ROTARY .norm = TP_NORM_RMS, .position = TP_POSITION_ROTARY

/* One row: name, groups of keys, and what its configuration has where a file says nothing. */
#define GATED(...)              .model = {RMS_ROTARY, .gated_mlp = true, __VA_ARGS__}
#define WINDOWS_OF(rule, width) .sliding = TP_SLIDING_##rule, .window = (width)

#define DEFAULTS(name) static const struct tp_config name##_defaults

#define FAMILY(name, keys, defaults, fields, settle)                                   \
  {                                                                                    \
    name, keys, &defaults##_defaults, fields, sizeof fields / sizeof fields[0], settle \
  }
#define MODERN(name, keys, defaults, settle)          \
  {                                                   \
    name, keys, &defaults##_defaults, NULL, 0, settle \
  }
#endif
