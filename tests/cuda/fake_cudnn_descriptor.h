#ifndef TP_TESTS_FAKE_CUDNN_DESCRIPTOR_H
#define TP_TESTS_FAKE_CUDNN_DESCRIPTOR_H
/* What a descriptor of the fake was told, by attribute. */
#include <cudnn.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { FAKE_CUDNN_ATTRIBUTES = 12, FAKE_CUDNN_BYTES = 24 * 8, FAKE_CUDNN_WORKSPACE = 768 };

struct attribute {
  cudnnBackendAttributeName_t name;
  cudnnBackendAttributeType_t type;
  int64_t n;
  _Alignas(8) unsigned char bytes[FAKE_CUDNN_BYTES];
};

struct descriptor {
  cudnnBackendDescriptorType_t type;
  bool final;
  int n;
  struct attribute attributes[FAKE_CUDNN_ATTRIBUTES];
};

/* NULL: never told. */
static inline const struct attribute *find(const struct descriptor *of,
                                           cudnnBackendAttributeName_t name)
{
  for (int i = 0; i < of->n; i++)
    if (of->attributes[i].name == name)
      return &of->attributes[i];
  return NULL;
}

static inline const struct descriptor *part(const struct descriptor *of,
                                            cudnnBackendAttributeName_t name)
{
  const struct attribute *const found = find(of, name);
  return found == NULL ? NULL : *(const struct descriptor *const *)(const void *)found->bytes;
}

static inline int word(const struct descriptor *of, cudnnBackendAttributeName_t name)
{
  int value;
  memcpy(&value, find(of, name)->bytes, sizeof value);
  return value;
}

static inline const int64_t *numbers(const struct descriptor *of, cudnnBackendAttributeName_t name)
{
  return (const int64_t *)(const void *)find(of, name)->bytes;
}

static inline bool flag(const struct descriptor *tensor, cudnnBackendAttributeName_t name)
{
  return *(const bool *)find(tensor, name)->bytes;
}
#endif
