import Foundation
import Profiling
import Testing

@Suite("Energy") struct EnergyMeterTests {
  private static func folder(_ values: [String]) throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "energy-\(UUID().uuidString)")
    for (index, value) in values.enumerated() {
      let package = folder.appending(path: "intel-rapl:\(index)")
      try FileManager.default.createDirectory(at: package, withIntermediateDirectories: true)
      try Data("\(value)\n".utf8).write(to: package.appending(path: "energy_uj"))
      try Data("10000000\n".utf8).write(to: package.appending(path: "max_energy_range_uj"))
    }
    return folder
  }

  @Test("Counters of all packages are summed, and go round")
  func counters() throws {
    let folder = try Self.folder(["1000000", "9000000"])
    defer { try? FileManager.default.removeItem(at: folder) }
    let meter = EnergyMeter(folder: folder.path)
    let mark = meter.mark()
    try Data("3000000\n".utf8).write(to: folder.appending(path: "intel-rapl:0/energy_uj"))
    try Data("500000\n".utf8).write(to: folder.appending(path: "intel-rapl:1/energy_uj"))
    let reading = meter.reading(since: mark)
    #expect(meter.isMeasured && reading.isMeasured && abs(reading.joules - 3.5) < 1e-9)
  }

  @Test("Without counters processor seconds are estimated at a stated power, and called so")
  func estimate() {
    let meter = EnergyMeter(watts: 7, folder: "/nowhere")
    let mark = meter.mark()
    let start = ProcessTime.now
    var sum = 0.0
    while ProcessTime.now - start < 0.02 { sum += 1 }
    let (reading, spent) = (meter.reading(since: mark), ProcessTime.now - start)
    #expect(!meter.isMeasured && !reading.isMeasured && sum > 0)
    #expect(reading.joules >= 7 * 0.02 && reading.joules <= 7 * spent + 0.1)
  }
}
