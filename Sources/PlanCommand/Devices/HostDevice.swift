import Console
import Costs
import Profiling
import Venturi

/// This machine as a device, by what is measured on it now.
enum HostDevice {
  /// What the command calls it.
  static let name = "host"

  /// Its arithmetic, memory and rates, under the processor's name and ``name``. Takes some seconds.
  ///
  /// - Throws: `TensorError` when there is no memory to read.
  static func measured() throws -> CataloguedDevice {
    let progress = ProgressBar("plan")
    defer { progress.finish() }
    progress.show("measuring \(KernelThreads.all) threads")
    let ceilings = try Ceilings.measure(context: Context(threads: KernelThreads.all))
    return CataloguedDevice(
      ceilings.device(
        name: MachineReport.processor, memoryBytes: MachineReport.memory("MemTotal") ?? 0, date: systemDate()),
      aliases: [name])
  }

  /// The arithmetic that products with weights of so many bytes run on.
  static func precision(weightBytes: Double) -> Precision {
    weightBytes <= 0.75 ? .int4 : weightBytes <= 1.25 ? .int8 : .f32
  }

  /// Bytes a second of the disk that holds temporary files, as a link that is crossed once out and once in: the harmonic mean of
  /// writing, until a file is on the disk, and reading, with nothing of it in memory. Medians of three files of 64 MiB.
  ///
  /// - Throws: `ProfilingError`.
  static func diskLink() throws -> Double {
    let progress = ProgressBar("plan")
    defer { progress.finish() }
    progress.show("measuring the disk")
    let probe = try DiskProbe(bytes: 64 << 20)
    var (out, back): ([Double], [Double]) = ([], [])
    for _ in 0..<3 {
      out.append(try probe.write())
      back.append(try probe.read())
    }
    guard let out = Summary(out)?.median, let back = Summary(back)?.median, out + back > 0 else {
      throw ProfilingError.invalidSetting(field: "disk", problem: "it took no time")
    }
    return 2 * Double(probe.bytes) / (out + back)
  }
}
