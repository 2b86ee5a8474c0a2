import CVenturi
import Profiling
import Venturi

/// The machine, as reports name it.
package enum MachineReport {
  /// The processor's name, as the system has it.
  package static var processor: String { MachineIdentity.processorName }

  /// A figure of `/proc/meminfo`, in bytes.
  package static func memory(_ field: String) -> Int? {
    guard let bytes = try? readWholeFile("/proc/meminfo") else { return nil }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.hasPrefix("\(field):") {
      return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }
    return nil
  }

  /// Name, features, kernels and processors.
  package static var json: JSON {
    [
      "processor": .string(processor), "features": .string(Version.features),
      "processors": .integer(KernelThreads.all), "kernels": .string(KernelSet.preferred.rawValue),
      "venturi": .string(Version.number),
    ]
  }
}
