import CVenturi

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Which compiled kernels a context runs.
public enum KernelSet: String, Sendable, CaseIterable {
  /// Plain scalar C, the twin of every fast kernel.
  case reference
  /// AVX2 with FMA and F16C.
  case avx2
  /// AVX-512 with VNNI.
  case avx512
  /// Advanced SIMD of AArch64.
  case neon

  /// The C side's name of the set.
  public var isa: vt_isa {
    switch self {
    case .reference: VT_ISA_REFERENCE
    case .avx2: VT_ISA_AVX2
    case .avx512: VT_ISA_AVX512
    case .neon: VT_ISA_NEON
    }
  }

  /// Whether 8-bit weights meet 8-bit activations faster than 16-bit ones.
  public var hasByteProducts: Bool { self == .avx512 }

  /// Whether this processor runs the set.
  public var isSupported: Bool { vt_isa_supported(isa) }

  /// The fastest set for this processor, or the one that the environment variable `VENTURI_KERNELS` names.
  public static var preferred: KernelSet {
    if let named = getenv("VENTURI_KERNELS").flatMap({ KernelSet(rawValue: String(cString: $0)) }), named.isSupported {
      return named
    }
    return allCases.first { $0.isa == vt_best_isa() } ?? .reference
  }
}
