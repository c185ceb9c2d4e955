/* The kinds of pictures. */
#include "plot/plot.h"

const struct tp_plot_kind *const tp_plot_kinds[] = {&tp_plot_speedup,
                                                    &tp_plot_breakdown,
                                                    &tp_plot_published,
                                                    &tp_plot_collectives,
                                                    &tp_plot_batch,
                                                    &tp_plot_pareto,
                                                    &tp_plot_heatmap,
                                                    &tp_plot_gantt,
                                                    &tp_plot_pipeline,
                                                    &tp_plot_roofline,
                                                    NULL};
