#ifndef TP_MODEL_FAMILY_H
#define TP_MODEL_FAMILY_H
/* How each Hugging Face model_type spells its shape.  Inside src/model only. */
#include "model/model.h"

/* Which layers of a family have a window where the file lists none. */
enum tp_sliding {
  TP_SLIDING_NEVER,  /* its attention knows none */
  TP_SLIDING_LISTED, /* none; but those that a file lists */
  TP_SLIDING_ALL,
  TP_SLIDING_FROM,    /* from `max_window_layers` on, if it uses windows */
  TP_SLIDING_UNTURNED /* smollm3: those without rotary angles, if it uses windows */
};

/* Widths of attention in layers that slide, or in those that do not; 0: as in the others. */
struct tp_widths {
  int64_t heads, kv_heads, head_dim, value_dim;
};

/* A config.json as read: the model, and the keys from which more of it follows. */
struct tp_config {
  struct tp_model model;
  int64_t ffn_expansion;       /* MLP width over hidden, where no width is given */
  int64_t embedding_width;     /* opt: another width than hidden means a projection */
  int64_t norms_in_parallel;   /* falcon: 0 where the key is absent */
  bool attention_bias;         /* of all four attention matrices, ... */
  bool out_unbiased;           /* ... or of three */
  bool multi_query, grouped;   /* falcon: one KV head; new_decoder_architecture */
  bool alibi, rotary, learned; /* positions */
  bool bias, no_bias, rms_norm;
  int attention_form, mlp_form; /* which of the words that the family has for them */
  int64_t embedding_rows;       /* more than the vocabulary; 0: as many */
  enum tp_sliding sliding;
  int64_t window, max_window_layers;
  int64_t window_pattern;     /* of so many layers the last one is full, the others slide */
  const char *window_letters; /* exaone4: "LLLG", over and over, L slides; the last layer is full */
  bool use_window;
  bool in_turns; /* gpt_neo: every other layer slides unless the file says otherwise */
  struct tp_widths sliding_widths, full_widths;
  bool full_keys_as_values;  /* gemma4 */
  const char *unless_listed; /* granitemoehybrid, minimax: what layers are unless the file says */
  bool experts_take_ffn;     /* mixtral: `intermediate_size` is an expert's width */
  bool shares_with_mlp;      /* gemma4: the dense MLP stands beside the experts */
  bool enable_experts;       /* gemma4 */
  bool shares_embedding;     /* mobilellm: with the head, whatever 'tie_word_embeddings' says */
  bool use_qk_norm;
  enum tp_qk_norm qk_norm_form; /* where it is used */
  int64_t n_shared;             /* experts that all tokens see, each as wide as the others */
  int64_t shared_width;         /* ... unless this is: of one of them */
  int64_t dense_ffn;            /* of layers without experts, where it is another key's */
  int64_t first_dense;          /* so many layers without experts; then every `mixture_step`-th, */
  int64_t mixture_step, mixture_phase; /* where (layer + phase) % step == 0 */
  int64_t further_tokens;              /* layers that predict tokens after the next */
  bool use_latent;                     /* of families that have latent attention */
};

/* Keys that several families share. */
enum tp_key_group {
  TP_KEYS_SHAPE = 1,
  TP_KEYS_WINDOWS = 2,
  TP_KEYS_EXPERTS = 4,
  TP_KEYS_LATENT = 8,
  TP_KEYS_INDEXER = 16,
  TP_KEYS_QK_NORM = 32,
  TP_KEYS_WIDTHS = 64,
  TP_KEYS_BIASES = 128,
  TP_KEYS_BLOCKS = 256, /* nemotron-nas: a list of blocks */
  TP_KEYS_TURNS = 512   /* gpt_neo: layers by words */
};

struct tp_key_table {
  unsigned group;
  const char *means; /* what a family without them lacks */
  const struct tp_field *fields;
  size_t n;
};
extern const struct tp_key_table tp_key_tables[];
extern const size_t tp_n_key_tables;

struct tp_family {
  const char *name;
  unsigned keys;                    /* groups of them */
  const struct tp_config *defaults; /* Hugging Face's own for keys a file may leave out */
  const struct tp_field *fields;    /* of its own; all optional: two rows may spell one field */
  size_t n_fields;
  void (*settle)(struct tp_config *config); /* what follows from the keys; NULL: nothing */
};

/* family_gpt.c, family_own.c: those that spell their shape in words of their own. */
extern const struct tp_family tp_gpt_families[], tp_own_families[];
extern const size_t tp_n_gpt_families, tp_n_own_families;

/* All families by number, from 0; NULL past the last. */
const struct tp_family *tp_family_at(size_t i);
/* What follows from a switch for biases: of attention, of all matrices. */
static inline void tp_settle_attention_bias(struct tp_config *config)
{
  config->model.qkv_bias = config->attention_bias;
  config->model.out_bias = config->attention_bias && !config->out_unbiased;
}
static inline void tp_settle_bias(struct tp_config *config)
{
  config->model.qkv_bias = config->model.out_bias = config->model.mlp_bias = config->bias;
}

/* A file being read. */
struct tp_reading {
  const struct tp_doc *doc;
  const json_t *object; /* the language model's: the document, or one of its parts, ... */
  const char *path;     /* ... at this path; "" is the document */
  const struct tp_family *family;
  size_t n_fields; /* all that the family reads */
  const struct tp_field *fields;
  struct tp_config config;
  size_t n_notes;
  const char **notes;
  struct tp_arena *arena;
  struct tp_error *error;
};

/* Whether the file has the key, and not null. */
static inline bool tp_key_is_given(const struct tp_reading *reading, const char *key)
{
  const json_t *const value = json_object_get(reading->object, key);
  return value != NULL && !json_is_null(value);
}

/* The key by which the file spells the field at `offset`: the one present, else the usual one. */
const char *tp_key_of(const struct tp_reading *reading, size_t offset);
/* Whether the file spells the field at `offset` as null, and nowhere else. */
bool tp_key_is_null(const struct tp_reading *reading, size_t offset);
#define TP_KEY(reading, field) tp_key_of(reading, offsetof(struct tp_config, field))

/* Whether a value is neither null, false, 0 nor empty; whether a pattern with stars matches. */
bool tp_key_says_something(const json_t *value);
bool tp_key_matches(const char *pattern, const char *key);

/* "text_config.KEY"; fails at it; adds "FILE:LINE: KEY: ..." to the notes. */
const char *tp_key_path(const struct tp_reading *reading, const char *key);
enum tp_status tp_key_fail(const struct tp_reading *reading, const char *key, const char *format,
                           ...) __attribute__((format(printf, 3, 4)));
void tp_key_note(struct tp_reading *reading, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* architectures.c: whether the file is of a head that drafts for another model; the op that its
 * class lacks here, or NULL; whether its model has an LM head. */
bool tp_architectures_draft(const struct tp_reading *reading);
const char *tp_architectures_op(const struct tp_reading *reading);
void tp_architectures_read(struct tp_reading *reading);

/* absent.c: whether attention is latent; layers that `layer_types` lists where no other key counts
 * them, else 0; refuses a file that leaves out all its sizes, widths of latents that are null, and
 * a size that nobody has; notes sizes that its class has, and, of a model that is read, what else
 * its class has that changes cost or memory. */
bool tp_has_latents(const struct tp_reading *reading);
int64_t tp_counted_layers(const struct tp_reading *reading);
enum tp_status tp_sizes_check(const struct tp_reading *reading);
enum tp_status tp_latents_check(const struct tp_reading *reading);
enum tp_status tp_absent_check(struct tp_reading *reading);
void tp_absent_note(struct tp_reading *reading);

/* missing_ops.c: why a file cannot be read, or NULL, and the key that says so; refuses such a file.
 */
const char *tp_keys_missing_op(const struct tp_reading *reading, const char **key);
enum tp_status tp_keys_check_ops(const struct tp_reading *reading);

/* keys.c: whether the family reads the key; refuses keys of a table that the family lacks, and
 * notes those that nobody knows; whether the family knows all keys of the file. */
bool tp_key_is_read(const struct tp_family *family, const char *key);
enum tp_status tp_keys_check(struct tp_reading *reading);
bool tp_keys_suit(const struct tp_reading *reading, const struct tp_family *family);

/* silent.c: whether the key says nothing of cost or memory in a file of the family; what is said of
 * one whose weights are not counted, NULL: nothing. */
#define TP_FURTHER_TOKENS "layers that predict further tokens are left out"
bool tp_key_is_silent(const struct tp_reading *reading, const struct tp_family *family,
                      const char *key);
const char *tp_key_told(const char *key);

/* part.c: finds the language model of a file that has other parts, too; its family where it does
 * not say one itself, but the whole file does; notes the parts that are left out. */
void tp_part_find(struct tp_reading *reading);
const char *tp_part_family(struct tp_reading *reading, const char *whole);
void tp_part_note(struct tp_reading *reading);

/* spelling.c: keys of objects within the shape are lifted beside it, as "OBJECT.KEY"; a list of
 * the same number for each layer becomes that number, where a field of the family is one. */
enum tp_status tp_spelling_unfold(struct tp_reading *reading);
enum tp_status tp_spelling_settle_lists(struct tp_reading *reading);

/* refused.c: of a family that is not read, the op that is missing, by its name or that of its class
 * (BitnetForCausalLM), or what its name leaves unsaid; NULL: nothing is known. */
const char *tp_refused_op(const char *name);
const char *tp_refused_class(const char *class, struct tp_arena *arena);
const char *tp_refused_mend(const char *name);

/* unknown.c: refuses a file that is none of a model, by the keys that say so; one whose family,
 * spelt so at `path`, is none of ours. */
enum tp_status tp_family_check_file(const struct tp_reading *reading);
enum tp_status tp_family_fail_unknown(struct tp_reading *reading, const char *path,
                                      const char *name);

/* turns.c: whether a value is this text; which layers slide by gpt_neo's lists, by smollm3's of
 * rotary angles: `slides` by layer. */
bool tp_is_word(const json_t *value, const char *word);
enum tp_status tp_turns_read(struct tp_reading *reading, bool *slides);
enum tp_status tp_unturned_read(struct tp_reading *reading, bool *slides);

/* windows.c, mixtures.c: what each layer is, in `layers` of them. */
enum tp_status tp_windows_read(struct tp_reading *reading, struct tp_layer_kind *layers);
enum tp_status tp_mixtures_read(struct tp_reading *reading, struct tp_layer_kind *layers);
/* Whether the family alone says in which turns layers slide; whether the file lists which layers
 * have experts. */
bool tp_windows_are_by_class(const struct tp_reading *reading);
bool tp_mixtures_are_listed(const struct tp_reading *reading);
/* kinds.c: fills in the model's kinds of layers.  Fails where keys are mistyped or contradict one
 * another. */
enum tp_status tp_kinds_read(struct tp_reading *reading);

/* python_json.c: parses text in which NaN, Infinity and integers past 64 bits may stand, as Python
 * writes them; none of these is a number of any field. */
enum tp_status tp_python_json_parse(const char *name, const char *text, struct tp_arena *arena,
                                    struct tp_doc *doc, struct tp_error *error);

/* positions.c: how long a sequence the model is made for. */
enum tp_status tp_positions_read(struct tp_reading *reading);

/* quantise.c: the types that the file, or the text of hf_quant_config.json beside it, gives its
 * parts. */
enum tp_status tp_quantise_read(struct tp_reading *reading, const char *file);
#endif
