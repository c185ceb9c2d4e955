#include "program/mesh.h"

enum tp_status tp_mesh_check(const struct tp_mesh *mesh, struct tp_error *error)
{
  if (mesh->pp < 1 || mesh->dp < 1 || mesh->tp < 1 || mesh->ep < 1 || mesh->etp < 1)
    return tp_fail(error, TP_E_INPUT,
                   "a mesh of pp %d, dp %d, tp %d, ep %d, etp %d: every degree is 1 or more",
                   mesh->pp, mesh->dp, mesh->tp, mesh->ep, mesh->etp);
  if (mesh->dp * mesh->tp != mesh->ep * mesh->etp)
    return tp_fail(
        error, TP_E_INPUT,
        "dp %d x tp %d are %d ranks, ep %d x etp %d are %d: the experts sit on the ranks "
        "of the attention; make the products equal",
        mesh->dp, mesh->tp, mesh->dp * mesh->tp, mesh->ep, mesh->etp, mesh->ep * mesh->etp);
  return TP_OK;
}
