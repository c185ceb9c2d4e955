/* From a variant and a request to a program: what has no meaning, the architecture, transforms, the
 * stage. */
#include "program/alike.h"
#include "program/stage.h"
#include "program/variants/architectures.h"
#include "program/wiring/wiring.h"

#include <string.h>

/* Of the architectures written in C. */
static bool is_of(const struct tp_variant *variant, const char *prefix)
{
  if (variant->architecture->wiring != NULL)
    return false;
  return strncmp(variant->architecture->name, prefix, strlen(prefix)) == 0;
}

/* Whether tokens go to the ranks of their experts alone. */
static bool is_sent(const struct tp_request *request)
{
  return tp_style_dispatch(&request->style, &request->batch) != TP_DISPATCH_GATHER;
}

/* Ranks that leave sums out go on with what they have. */
static bool drops_sums(const struct tp_variant *variant)
{
  const struct tp_wiring *const wiring = variant->architecture->wiring;
  return wiring != NULL ? wiring->drops : is_of(variant, "desync");
}

/* Whether tensor ranks have different residuals, or shares of one: nothing to send slices of. */
static bool holds_its_own(const struct tp_variant *variant)
{
  const struct tp_architecture *const architecture = variant->architecture;
  const bool shares = architecture->wiring != NULL && architecture->wiring->shared_out > 0;
  return architecture->takes_degree || drops_sums(variant) || shares;
}

static bool lacks_modules(const struct tp_model *model)
{
  for (int kind = 0; kind < tp_model_n_kinds(model); kind++)
    if (model->kinds[kind].no_attention || model->kinds[kind].no_mlp)
      return true;
  return false;
}

/* What has no meaning over experts, latents and layers that differ. */
static enum tp_status check_mixture(const struct tp_variant *variant,
                                    const struct tp_request *request, struct tp_error *error)
{
  const struct tp_model *const model = request->model;
  const struct tp_mesh *const mesh = &request->mesh;
  const bool mixture = model->experts.count > 0, plain = is_of(variant, "standard");
  if (mesh->dp > 1 || mesh->ep > 1)
    TP_TRY(tp_mesh_check(mesh, error));
  const char *why = NULL;
  if (request->train && (mixture || model->latent.kv_rank > 0 || tp_model_is_odd(model)))
    why = "its training is not modelled; ask for inference";
  else if (!mixture && (mesh->ep > 1 || (mesh->dp > 1 && !request->train)))
    why = "it has no experts that ep could share out or replicas could meet in; take dp 1 and ep 1";
  else if (variant->architecture->takes_degree && (mixture || model->latent.kv_rank > 0))
    why = "kraken's sub-layers are dense blocks with heads of their own; take another variant";
  else if (mesh->dp > 1 && mesh->tp == 1 && variant->wire != NULL)
    why = "no all-reduce is left whose bits a wire could shorten; leave it out";
  else if (drops_sums(variant) && !request->train && (mesh->ep > 1 || mesh->dp > 1))
    why = "a rank that drops the all-reduce would never see the other ranks' experts; take ep 1 or "
          "another variant";
  else if (lacks_modules(model) && !plain && !is_of(variant, "no-comm"))
    why = "some of its layers lack attention or the MLP, so modules do not alternate; take "
          "standard";
  else if (drops_sums(variant) && model->post_norms)
    why = "its norm of a module's output needs the sum that desync drops; take another variant";
  else if (mesh->dp > 1 && is_sent(request) && (mesh->tp > 1 || mesh->etp > 1))
    why =
        "all-to-all sends each token from one rank to one; take tp 1 and ep as dp, or a stack that "
        "gathers";
  if (why == NULL)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT, "variant '%s' of %s: %s", variant->text, model->name, why);
}

static enum tp_status check_request(const struct tp_variant *variant,
                                    const struct tp_request *request, struct tp_error *error)
{
  const struct tp_model *model = request->model;
  if (request->train && variant->architecture->build_train == NULL)
    return tp_fail(error, TP_E_INPUT,
                   "variant '%s': training of %s is not modelled; ask for inference", variant->text,
                   variant->architecture->name);
  if (model->kraken_ways > 0 && !variant->architecture->takes_degree)
    return tp_fail(error, TP_E_INPUT,
                   "variant '%s': '%s' is a Kraken model and has no other form; use kraken",
                   variant->text, model->name);
  if (model->unpriced != NULL)
    return tp_fail(error, TP_E_INPUT, "model %s: %s", model->name, model->unpriced);
  TP_TRY(check_mixture(variant, request, error));
  for (int i = 0; i < request->batch.n; i++) {
    const struct tp_chunk *chunk = &request->batch.chunks[i];
    if (request->mesh.tp < 1 || chunk->sequences < 1 || chunk->tokens < 1 || chunk->context < 0)
      return tp_fail(error, TP_E_INPUT,
                     "variant '%s': tp %d, batch %lld and %lld tokens must all be at least 1",
                     variant->text, request->mesh.tp, (long long)chunk->sequences,
                     (long long)(chunk->context + chunk->tokens));
  }
  return tp_stage_check(request, error);
}

/* "decode batch=4 kv_len=1025", "prefill batch=4 prompt=1024"; any other step by its chunks:
 * "step 1x512+1024,30x1+900", sequences x tokens + context. */
static const char *step_text(const char *pass, const struct tp_batch *batch, struct tp_arena *arena)
{
  const struct tp_chunk *const chunk = &batch->chunks[0];
  if (batch->n == 1 && tp_chunk_decodes(chunk))
    return tp_arena_printf(arena, "decode batch=%lld kv_len=%lld", (long long)chunk->sequences,
                           (long long)chunk->context + 1);
  if (batch->n == 1 && chunk->context == 0)
    return tp_arena_printf(arena, "%s batch=%lld prompt=%lld", pass, (long long)chunk->sequences,
                           (long long)chunk->tokens);
  const char *text = "step";
  for (int i = 0; i < batch->n; i++)
    text = tp_arena_printf(arena, "%s%c%lldx%lld+%lld", text, i == 0 ? ' ' : ',',
                           (long long)batch->chunks[i].sequences,
                           (long long)batch->chunks[i].tokens, (long long)batch->chunks[i].context);
  return text;
}

/* A training step, or what of it a stage does. */
static const char *train_text(const struct tp_request *request)
{
  static const char *const texts[] = {[TP_TRAINING_STEP] = "train",
                                      [TP_TRAINING_FORWARD] = "train forward",
                                      [TP_TRAINING_BACKWARD] = "train backward",
                                      [TP_TRAINING_LAST_BACKWARD] = "train last backward",
                                      [TP_TRAINING_UPDATE] = "train update"};
  return texts[request->pass];
}

/* `pass` names what is neither a decode step nor one of several chunks: prefill, train, a
 * sub-layer. */
static const char *title(const struct tp_variant *variant, const struct tp_request *request,
                         const char *pass, struct tp_arena *arena)
{
  const struct tp_mesh *const mesh = &request->mesh;
  const char *const replicas = mesh->dp > 1 ? tp_arena_printf(arena, " dp=%d", mesh->dp) : "";
  const char *const experts = mesh->ep > 1 ? tp_arena_printf(arena, " ep=%d", mesh->ep) : "";
  const char *const stage =
      tp_request_stages(request) == 1
          ? ""
          : tp_arena_printf(arena, " stage=%d/%d", request->stage, tp_request_stages(request));
  return tp_arena_printf(arena, "%s %s tp=%d%s%s%s %s", request->model->name, variant->text,
                         mesh->tp, replicas, experts, stage,
                         step_text(pass, &request->batch, arena));
}

static enum tp_status transform(const struct tp_variant *variant, const struct tp_request *request,
                                struct tp_arena *arena, struct tp_program *program,
                                struct tp_error *error)
{
  enum tp_status status = TP_OK;
  if (variant->overlap != NULL)
    status = variant->overlap->apply(request, variant, arena, program, error);
  if (status == TP_OK && variant->wire != NULL)
    status = variant->wire->apply(request, variant, arena, program, error);
  return status;
}

/* Overlaps cut all-reduces, and no low-bit kernel normalises: then the norm is a kernel of its own.
 * Sends between stages are what the ranks' residuals allow. */
static struct tp_request request_of(const struct tp_variant *variant,
                                    const struct tp_request *asked)
{
  struct tp_request request = *asked;
  if (variant->overlap != NULL || variant->wire != NULL)
    request.style.fused_norm_max_bytes = 0;
  if (holds_its_own(variant))
    request.style.sends = TP_SENDS_WHOLE;
  else if (variant->architecture->apart && request.style.sends == TP_SENDS_SLICES)
    request.style.sends = TP_SENDS_SLICES_APART;
  return request;
}

enum tp_status tp_variant_build(const struct tp_variant *variant, const struct tp_request *asked,
                                struct tp_arena *arena, struct tp_program *program,
                                struct tp_error *error)
{
  TP_TRY(check_request(variant, asked, error));
  const struct tp_request own = request_of(variant, asked), *const request = &own;
  const struct tp_architecture *architecture = variant->architecture;
  if (tp_request_ranks(request) == 1 && !architecture->takes_degree)
    architecture = &tp_architecture_standard;
  if (request->train)
    TP_TRY(architecture->build_train(request, arena, program, error));
  else
    TP_TRY(architecture->build(request, variant, arena, program, error));
  program->title = title(variant, request, request->train ? train_text(request) : "prefill", arena);
  program->equation = architecture->equation;
  TP_TRY(transform(variant, request, arena, program, error));
  if (tp_request_stages(request) > 1 || request->pass != TP_TRAINING_STEP)
    TP_TRY(tp_stage_cut(request, arena, program, error));
  if (request->train)
    TP_TRY(tp_stage_end_training(request, arena, program, error));
  tp_program_find_alike(program, arena);
  return TP_OK;
}

enum tp_status tp_variant_rearrange(const struct tp_variant *variant,
                                    const struct tp_request *request, struct tp_arena *arena,
                                    struct tp_program *program, struct tp_error *error)
{
  if (variant->architecture != &tp_architecture_standard)
    return tp_fail(error, TP_E_INPUT,
                   "variant '%s': a sub-layer alone is the same in every architecture; leave out "
                   "'%s'",
                   variant->text, variant->architecture->name);
  program->title = title(variant, request, program->title, arena);
  return transform(variant, request, arena, program, error);
}
