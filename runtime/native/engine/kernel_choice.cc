#include "error.hpp"
#include "kernel.hpp"

namespace fhec {

#ifdef FHEC_WITH_IFMA
extern const Kernel ifma_kernel_table;
#endif

const Kernel* ifma_kernel() noexcept {
#ifdef FHEC_WITH_IFMA
  static const bool supported = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                                __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
                                __builtin_cpu_supports("avx512ifma") && __builtin_cpu_supports("avx512vbmi");
  return supported ? &ifma_kernel_table : nullptr;
#else
  return nullptr;
#endif
}

const Kernel& kernel_for(const Modulus& q, KernelChoice choice) {
  const Kernel* ifma = ifma_kernel();
  if (choice == KernelChoice::ifma && ifma == nullptr) {
    throw Error("FHE0801", "The AVX-512 IFMA kernel was asked for, but this processor or this build lacks it.");
  }
  const bool fits = q.bits >= ifma_least_bits && q.bits <= ifma_most_bits;
  return choice != KernelChoice::portable && ifma != nullptr && fits ? *ifma : portable_kernel;
}

}  // namespace fhec
