import CVenturi
import Venturi

/// What this program is.
package enum Version {
  /// The version of the package.
  package static let number = EngineVersion.number

  /// The compiler's version.
  package static var compiler: String {
    #if swift(>=6.4)
      "Swift 6.4 or later"
    #elseif swift(>=6.3)
      "Swift 6.3"
    #elseif swift(>=6.2)
      "Swift 6.2"
    #else
      "Swift 6.1"
    #endif
  }

  /// The processor's features that matter to kernels.
  package static var features: String { String(cString: vt_cpu_features()) }

  /// What `--version` prints.
  package static var text: String {
    """
    venturi \(number)
    compiler: \(compiler)
    processor: \(features)
    kernels: \(KernelSet.preferred.rawValue)
    """
  }
}
