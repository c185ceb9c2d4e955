#ifndef TP_MODEL_KEY_FIELDS_H
#define TP_MODEL_KEY_FIELDS_H
/* Rows of key tables. */

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

#define LAYERS(key)    COUNT(key, model.layers, 2000)
#define HIDDEN(key)    COUNT(key, model.hidden, 262144)
#define HEADS(key)     COUNT(key, model.heads, 16384)
#define KV_HEADS(key)  COUNT(key, model.kv_heads, 16384)
#define HEAD_DIM(key)  COUNT(key, model.head_dim, 4096)
#define FFN(key)       COUNT(key, model.ffn, 4194304)
#define VOCAB          COUNT("vocab_size", model.vocab, 100000000)
#define POSITIONS(key) COUNT(key, model.max_positions, 100000000)
#define TIED           SWITCH("tie_word_embeddings", model.tied_head)
#endif
