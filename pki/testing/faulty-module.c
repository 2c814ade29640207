/*
 * A PKCS#11 module that hands every call to another one (MODULE) unless a file in FOLDER is there:
 *
 *   hang-login, hang-sign   the call does not return until the file is gone
 *   pulled                  the token is out of its slot, and no session is worth anything
 *   crash                   a signature ends the process
 *
 * Each login leaves one byte in the file `logins`, each session in `sessions`.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CK_PTR *
#define CK_DECLARE_FUNCTION(returnType, name) returnType name
#define CK_DECLARE_FUNCTION_POINTER(returnType, name) returnType(*name)
#define CK_CALLBACK_FUNCTION(returnType, name) returnType(*name)
#define NULL_PTR 0
#include "pkcs11.h"

static CK_FUNCTION_LIST own;
static CK_FUNCTION_LIST_PTR real;

static int is(const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", FOLDER, name);
  return access(path, F_OK) == 0;
}

static CK_RV getSlotList(CK_BBOOL present, CK_SLOT_ID_PTR slots, CK_ULONG_PTR count) {
  if (!is("pulled")) return real->C_GetSlotList(present, slots, count);
  *count = 0;
  return CKR_OK;
}

static void count(const char *path) {
  FILE *file = fopen(path, "a");
  fputc('.', file);
  fclose(file);
}

static CK_RV openSession(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify, CK_SESSION_HANDLE_PTR session) {
  count(FOLDER "/sessions");
  return real->C_OpenSession(slot, flags, application, notify, session);
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG length) {
  count(FOLDER "/logins");
  while (is("hang-login")) usleep(10000);
  return real->C_Login(session, user, pin, length);
}

static CK_RV signInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  return is("pulled") ? CKR_DEVICE_REMOVED : real->C_SignInit(session, mechanism, key);
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR signature, CK_ULONG_PTR size) {
  while (is("hang-sign")) usleep(10000);
  if (is("crash")) abort();
  return real->C_Sign(session, data, length, signature, size);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
  void *module = dlopen(MODULE, RTLD_NOW | RTLD_LOCAL);
  CK_C_GetFunctionList get = module == NULL ? NULL : (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList");
  if (get == NULL || get(&real) != CKR_OK) return CKR_GENERAL_ERROR;
  own = *real;
  own.C_GetFunctionList = C_GetFunctionList;
  own.C_GetSlotList = getSlotList;
  own.C_OpenSession = openSession;
  own.C_Login = login;
  own.C_SignInit = signInit;
  own.C_Sign = sign;
  *list = &own;
  return CKR_OK;
}
