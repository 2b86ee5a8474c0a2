import Costs
import NumericTypes
import Testing

@Suite struct DeviceCatalogueTests {
  let catalogue = DeviceCatalogue.published

  @Test func holdsWhatTheSystemsUse() throws {
    for name in ["A100", "H100", "H200", "GH200", "L4", "A10G", "T4", "A40", "L20", "RTX 4090", "MI250X"] {
      #expect(try catalogue.device(name).memory.value > 0)
    }
    #expect(catalogue.entries.count >= 16)
  }

  @Test func everyFigureHasASourceADateAndASenseOfScale() {
    var checked = 0
    for entry in catalogue.entries {
      let names = Set(entry.figures.map(\.name))
      #expect(entry.recalled.isSubset(of: names), "\(entry.device.name) recalls a figure it does not have")
      for row in entry.figures {
        let what = "\(entry.device.name) \(row.name)"
        #expect(row.figure.source.count > 10, "\(what): source")
        #expect(row.figure.date.first == "2" && [4, 7, 10].contains(row.figure.date.count), "\(what): date")
        let range: ClosedRange<Double> =
          switch row.name {
          case "memory": 10e9...200e9
          case "bandwidth": 200e9...6e12
          case "link": 10e9...1e12
          case "power": 50...1100
          case "price": 0.1...20
          default: 0.2e12...4000e12
          }
        #expect(range.contains(row.figure.value), "\(what): \(row.figure.value)")
        checked += 1
      }
    }
    #expect(checked > 150)
  }

  /// A sparse rate in the place of a dense one, or a slip of a digit, breaks one of these.
  @Test func ratesStandInTheOrderOfTheirWidths() {
    for entry in catalogue.entries {
      let device = entry.device
      func rate(_ precision: Precision) -> Double? { device.compute[precision]?.value }
      let half = rate(.f16) ?? 0
      #expect(rate(.bf16) == nil || rate(.bf16) == half, "\(device.name)")
      #expect(half >= (rate(.f32) ?? 0) && half >= (rate(.tf32) ?? 0), "\(device.name)")
      for precision in [Precision.fp8, .int8] {
        if let byte = rate(precision) { #expect((0.99...4.01).contains(byte / half), "\(device.name)") }
      }
      if let four = rate(.int4), let eight = rate(.int8) { #expect(four >= eight, "\(device.name)") }
      if let tf32 = rate(.tf32) { #expect((0.45...0.55).contains(tf32 / half), "\(device.name)") }
    }
  }

  @Test func halvesOfAModuleAddUpToIt() throws {
    let module = try catalogue.entry("MI250X").figures
    let die = try catalogue.entry("MI250X-GCD").figures
    var halved = 0
    for (whole, half) in zip(module, die) where whole.name != "link" {
      #expect(half.name == whole.name && half.figure.value * 2 == whole.figure.value)
      halved += 1
    }
    #expect(halved >= 8)
  }

  @Test func namesAreFoundInAnyDress() throws {
    for name in ["a100", "A100-80GB", "a100 sxm 80gb", "A100_SXM_80GB"] {
      #expect(try catalogue.device(name).name == "A100-SXM-80GB")
    }
    #expect(try catalogue.device("4090").name == "RTX-4090" && catalogue.device("gh200").name == "GH200-96GB")
    var names: Set<String> = []
    for entry in catalogue.entries {
      for name in [entry.device.name] + entry.aliases {
        #expect(try catalogue.entry(name) == entry)
        #expect(names.insert(name.lowercased()).inserted, "\(name) stands for two devices")
      }
    }
  }

  @Test func unknownNamesAreRefusedWithTheNearest() {
    func nearest(_ name: String) -> [String]? {
      do {
        _ = try catalogue.device(name)
        return nil
      } catch {
        guard case .unknownDevice(name, let nearest) = error else { return nil }
        return nearest
      }
    }
    #expect(nearest("H10O-SXM")?.first == "H100-SXM")
    #expect(nearest("A100-PCI")?.first?.hasPrefix("A100-PCIe") == true)
    #expect(nearest("MI250")?.first == "MI250X")
    #expect(nearest("abacus") == [] && nearest("") == [])
    #expect(CostsError.unknownDevice("H10", nearest: ["H100-SXM"]).description.contains("did you mean H100-SXM?"))
  }

  @Test func anAddedDeviceCounts() throws {
    var catalogue = catalogue
    let figure = Figure(1e12, source: "venturi doctor --measure", date: "2026-11-26")
    let own = Device(name: "H100", compute: [.f32: figure], memory: figure, bandwidth: figure)
    catalogue.add(CataloguedDevice(own))
    #expect(try catalogue.device("h100") == own)
    catalogue.add(CataloguedDevice(own))
    #expect(catalogue.entries.count == self.catalogue.entries.count + 1)
  }
}
