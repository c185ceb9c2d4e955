/* Families that are known and not read: what of them no op here does, or whose words they use.
 * A file's own keys are asked first (missing_ops.c), since they say more; a name decides where they
 * do not. */
#include "model/family.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

#define SCAN_SSM    "a state-space layer's scan over a state"
#define SCAN_LINEAR "a linear-attention layer's scan over a state"
#define ENCODER     "an encoder, whose attention sees later tokens"
#define SEQ2SEQ     "an encoder, and a second attention in each layer to what it has made"
#define DENOISER    "denoising passes, whose attention sees later tokens"
#define DRAFT       "a draft head, whose layers work on another model's hidden states"
#define NARROW_Q    "queries by way of a narrower projection"

static const struct {
  const char *pattern, *missing;
} refused[] = {
    {"mamba*", SCAN_SSM},
    {"falcon_mamba", SCAN_SSM},
    {"falcon_h1*", SCAN_SSM},
    {"nemotron_h*", SCAN_SSM},
    {"nemotron_flash", SCAN_SSM},
    {"jamba", SCAN_SSM},
    {"bamba", SCAN_SSM},
    {"zamba*", SCAN_SSM},
    {"plamo2", SCAN_SSM},
    {"phi4flash", SCAN_SSM},
    {"hymba", SCAN_SSM},
    {"samba", SCAN_SSM},
    {"*rwkv*", "RWKV's scan over a state"},
    {"recurrent_gemma", "a recurrent block's scan over a state"},
    {"xlstm", "an xLSTM block's scan over a state"},
    {"retnet", "retention's scan over a state"},
    {"stripedhyena", "a long convolution over tokens"},
    {"lfm2*", "a short convolution over tokens"},
    {"yuan*", "a short convolution over tokens"},
    {"baichuan_m1", "a convolution over the keys and values of neighbouring tokens"},
    {"zaya", "a convolution over the queries and keys of neighbouring tokens"},
    {"minimax_m1", SCAN_LINEAR},
    {"minimax_text_01", SCAN_LINEAR},
    {"MiniMaxText01", SCAN_LINEAR},
    {"bailing_moe_linear*", SCAN_LINEAR},
    {"bailing_hybrid", SCAN_LINEAR},
    {"jet_nemotron", SCAN_LINEAR},
    {"kimi_linear", SCAN_LINEAR},
    {"qwen3_next", "a gated delta net's scan over a state"},
    {"qwen3_5*", "a gated delta net's scan over a state"},
    {"olmo_hybrid", "a gated delta net's scan over a state"},
    {"minimax_m3*", "attention on selected blocks of keys"},
    {"phi3small", "attention on selected blocks of keys"},
    {"doge", "attention on keys that a mask of its own chooses"},
    {"deepseek_v4", "hyper-connections: several residuals that are mixed"},
    {"gemma3n*", "alternating updates of several residuals"},
    {"solar", "residuals that later layers take up again"},
    {"arctic", "experts beside the attention, on what comes into the layer"},
    {"longcat_flash*", "experts that compute nothing, and two attentions in each layer"},
    {"step3", NARROW_Q},
    {"step3_text", NARROW_Q},
    {"step3_vl", NARROW_Q},
    {"ernie4_5_moe_vl*", "experts of another width for what is seen"},
    {"ernie4_5_vl_moe*", "experts of another width for what is seen"},
    {"jetmoe", "attention whose queries experts make"},
    {"llama_moe", "a router of two layers"},
    {"AXK1", "a norm of the MLP's output, and none of the attention's"},
    {"chameleon", "a norm of queries and keys with gains of each head's own"},
    {"huginn*", "layers that run several times"},
    {"iquestloop*", "layers that run several times"},
    {"xglm", "positions of sines, which are added to the embedding"},
    {"ctrl", "positions of sines, which are added to the embedding"},
    {"afmoe", "a gate on the attention's output"},
    {"step3p5", "a gate on the attention's output"},
    {"bitnet*", "a norm before each projection of the way out"},
    {"diffllama", "attention by the difference of two softmaxes"},
    {"Motif", "attention by the difference of two softmaxes"},
    {"motif", "attention by the difference of two softmaxes"},
    {"openelm", "layers that are each of another width"},
    {"blt*", "patches of bytes, and attention to them from bytes"},
    {"mllama*", "layers that attend to what another part has made"},
    {"idefics", "layers that attend to what another part has made"},
    {"flamingo", "layers that attend to what another part has made"},
    {"medusa", DRAFT},
    {"mlp_speculator", DRAFT},
    {"eagle*", DRAFT},
    {"openai-gpt", "norms after the residual is added to"},
    {"xlnet", "two streams of attention, over a permutation of tokens"},
    {"transfo-xl", "attention to the residuals of tokens before"},
    {"llada*", DENOISER},
    {"LLaDA*", DENOISER},
    {"[Dd]ream", DENOISER},
    {"sdar*", DENOISER},
    {"diffusion_gemma*", DENOISER},
    {"*bidir*", "attention that sees later tokens"},
    {"modernbert-decoder", "a projection and a norm of its own before the head"},
    {"mpnet", ENCODER},
    {"dinov2*", ENCODER},
    {"dinov3*", ENCODER},
    {"layoutlm*", ENCODER},
    {"*bert", ENCODER},
    {"*bert[-_]*", ENCODER},
    {"*roberta*", ENCODER},
    {"deberta*", ENCODER},
    {"electra", ENCODER},
    {"ernie", ENCODER},
    {"esm", ENCODER},
    {"new", ENCODER},
    {"longformer", ENCODER},
    {"big_bird", ENCODER},
    {"clip*", ENCODER},
    {"siglip*", ENCODER},
    {"vit*", ENCODER},
    {"wav2vec2*", ENCODER},
    {"t5*", SEQ2SEQ},
    {"mt5", SEQ2SEQ},
    {"umt5", SEQ2SEQ},
    {"longt5", SEQ2SEQ},
    {"switch_transformers", SEQ2SEQ},
    {"*bart", SEQ2SEQ},
    {"pegasus*", SEQ2SEQ},
    {"marian", SEQ2SEQ},
    {"m2m_100", SEQ2SEQ},
    {"nllb*", SEQ2SEQ},
    {"whisper", SEQ2SEQ},
    {"led", SEQ2SEQ},
    {"blenderbot*", SEQ2SEQ},
    {"seamless*", SEQ2SEQ},
    {"moonshine*", SEQ2SEQ},
    {"encoder-decoder", SEQ2SEQ},
};

/* Names that do not say of which family the language model is, or spell it as none of ours. */
static const struct {
  const char *pattern, *mend;
} unsaid[] = {
    {"hf_olmo", "spells the shape in words of its own; the same model as transformers has it is of "
                "family 'olmo', give that file"},
    {"llava*", "is any family behind a part that sees, and the file has no 'text_config'; give the "
               "name of the language model's family"},
    {"minicpmv", "is any of four families, as 'version' has it; give the name of the language "
                 "model's family"},
    {"minicpmo", "is any of four families, as 'version' has it; give the name of the language "
                 "model's family"},
};

const char *tp_refused_op(const char *name)
{
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
    if (fnmatch(refused[i].pattern, name, 0) == 0)
      return refused[i].missing;
  return NULL;
}

/* "recurrent_gemma", "RecurrentGemma" as "recurrentgemma". */
static const char *in_small_letters(const char *name, size_t length, struct tp_arena *arena)
{
  char *const small = tp_arena_alloc(arena, length + 1, 1), *end = small;
  for (size_t i = 0; i < length; i++)
    if (name[i] != '_' && name[i] != '-')
      *end++ = (char)tolower((unsigned char)name[i]);
  *end = '\0';
  return small;
}

/* Encoders' patterns are too wide for the names of classes, and their families are refused. */
const char *tp_refused_class(const char *class, struct tp_arena *arena)
{
  static const char *const endings[] = {"For", "LMHead", "Model"};
  size_t length = strlen(class);
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    const char *const at = strstr(class, endings[i]);
    if (at != NULL && (size_t)(at - class) < length)
      length = (size_t)(at - class);
  }
  const char *const family = in_small_letters(class, length, arena);
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    const char *const pattern = refused[i].pattern;
    if (strcmp(refused[i].missing, ENCODER) != 0 && strcmp(refused[i].missing, SEQ2SEQ) != 0 &&
        fnmatch(in_small_letters(pattern, strlen(pattern), arena), family, 0) == 0)
      return refused[i].missing;
  }
  return NULL;
}

const char *tp_refused_mend(const char *name)
{
  for (size_t i = 0; i < sizeof unsaid / sizeof *unsaid; i++)
    if (fnmatch(unsaid[i].pattern, name, 0) == 0)
      return unsaid[i].mend;
  return NULL;
}
