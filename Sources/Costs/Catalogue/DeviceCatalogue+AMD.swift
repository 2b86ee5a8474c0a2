extension DeviceCatalogue {
  private static let table = "AMD Instinct MI200 series table, read at zexron.com/amd-mi250-x-aldebaran"
  private static let rocm = "AMD Instinct MI250 microarchitecture, rocm.docs.amd.com"

  /// AMD's accelerators, as the maker publishes them.
  static let amd: [CataloguedDevice] = [
    CataloguedDevice(
      mi250x("MI250X", dies: 2, note: ""), aliases: ["AMD-MI250X", "Instinct-MI250X"]),
    CataloguedDevice(
      mi250x("MI250X-GCD", dies: 1, note: "; one of its two dies, half of the module"),
      aliases: ["MI250X-die", "Frontier-GCD"]),
  ]

  private static func mi250x(_ name: String, dies: Double, note: String) -> Device {
    func half(_ value: Double) -> Figure { Figure(value / 2 * dies, source: table + note, date: "2021-11") }
    return Device(
      name: name,
      compute: [
        .f64: half(95.7e12), .f32: half(95.7e12), .bf16: half(383e12), .f16: half(383e12), .int8: half(383e12),
        .int4: half(383e12),
      ], memory: half(128e9), bandwidth: half(3.2e12),
      link: Figure(50e9, source: rocm + "; one 16-wide link", date: "2025"), power: half(560))
  }
}
