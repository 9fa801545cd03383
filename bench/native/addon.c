// The door to JavaScript: every kernel is a function of typed arrays and numbers. The few prototypes of Node-API that
// this takes are declared here, so that no headers need to be installed.

#include "plain.h"

typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_callback_info__ *napi_callback_info;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);

extern int napi_create_function(napi_env, const char *, size_t, napi_callback, void *, napi_value *);
extern int napi_set_named_property(napi_env, napi_value, const char *, napi_value);
extern int napi_get_cb_info(napi_env, napi_callback_info, size_t *, napi_value *, napi_value *, void **);
extern int napi_is_typedarray(napi_env, napi_value, _Bool *);
extern int napi_get_typedarray_info(napi_env, napi_value, int *, size_t *, void **, napi_value *, size_t *);
extern int napi_get_value_double(napi_env, napi_value, double *);
extern int napi_create_double(napi_env, double, napi_value *);
extern int napi_throw_type_error(napi_env, const char *, const char *);

extern const Export commonExports[], fullExports[], ownerExports[], mapExports[], matrixExports[], buildExports[], floorExports[];

enum { MOST_ARGUMENTS = 16 };

static napi_value call(napi_env env, napi_callback_info info) {
  napi_value values[MOST_ARGUMENTS];
  size_t count = MOST_ARGUMENTS;
  const Export *kernel;
  napi_get_cb_info(env, info, &count, values, NULL, (void **)&kernel);
  if (count != (size_t)kernel->arguments) {
    napi_throw_type_error(env, NULL, "wrong number of arguments");
    return NULL;
  }
  Argument arguments[MOST_ARGUMENTS];
  for (size_t index = 0; index < count; index++) {
    Argument *argument = &arguments[index];
    _Bool typed = 0;
    napi_is_typedarray(env, values[index], &typed);
    const int failed =
        typed ? napi_get_typedarray_info(env, values[index], NULL, &argument->length, &argument->data, NULL, NULL)
              : napi_get_value_double(env, values[index], &argument->number);
    if (failed != 0) {
      napi_throw_type_error(env, NULL, "expected typed arrays and numbers");
      return NULL;
    }
  }
  napi_value result;
  napi_create_double(env, kernel->run(arguments), &result);
  return result;
}

static void add(napi_env env, napi_value exports, const Export *kernels) {
  for (; kernels->name != NULL; kernels++) {
    napi_value function;
    napi_create_function(env, kernels->name, SIZE_MAX, call, (void *)kernels, &function);
    napi_set_named_property(env, exports, kernels->name, function);
  }
}

__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  add(env, exports, commonExports);
  add(env, exports, fullExports);
  add(env, exports, ownerExports);
  add(env, exports, mapExports);
  add(env, exports, matrixExports);
  add(env, exports, buildExports);
  add(env, exports, floorExports);
  return exports;
}
