extension DeviceCatalogue {
  /// A document that figures were read in; makers' sheets are named with the page that shows them.
  private struct Document {
    let name: String
    let date: String

    init(_ name: String, _ date: String) { (self.name, self.date) = (name, date) }

    func callAsFunction(_ value: Double, _ note: String = "") -> Figure {
      Figure(value, source: name + note, date: date)
    }

    /// Rates in units of 10¹² operations a second.
    func tera(_ rates: [Precision: Double]) -> [Precision: Figure] { rates.mapValues { self($0 * 1e12) } }
  }

  private static let a100Sheet = Document(
    "NVIDIA A100 data sheet 1758950-r4, read at glennklockwood.com/garden/processors/A100", "2021")
  private static let a100Guide = Document("thundercompute.com/blog/nvidia-a100-specs-full-guide", "2026-05-21")
  private static let a800Recalled = Document("NVIDIA A800, recalled", "2022-11")
  private static let h100Sheet = Document("glennklockwood.com/garden/processors/h100", "2023")
  private static let h100Card = Document(
    "hmc-tech.com/gpu/nvidia-h100-vs-nvidia-a100-sxm-40gb, boost clock 1755 MHz", "2022-03-22")
  private static let h100Brief = Document("NVIDIA H100 PCIe GPU product brief PB-11133-001 v02", "2022-11")
  private static let anandtech = Document("AnandTech 21136, accelerator specification comparison", "2023-11-13")
  private static let h200Article = Document("itkb.uw.cz/2026/06/nvidia-h200-vs-b300-precisions-cores", "2026-06-22")
  private static let gh200Sheet = Document(
    "NVIDIA GH200 data sheet 3773000, read at github.com/atineoSE/coding-model-seeks-gpu", "2024")
  private static let l4Table = Document(
    "github.com/winston-zhang-orz/gpu-specs specs.md, after NVIDIA's L4 sheet", "2023")
  private static let l4Card = Document("fpsbench.com/compare/gpu/nvidia-l4-vs-nvidia-tesla-m40", "2023")
  private static let a10gArticle = Document("baseten.co/blog/nvidia-a10-vs-a10g-for-ml-model-inference", "2023")
  private static let a10gRecalled = Document(
    "AWS's A10G, recalled as in sheet 108; one was measured at 69.5 (zzc0721/torch-performance-test-data issue 126)",
    "2021-11")
  private static let t4News = Document("NVIDIA's announcement, geektopia.es", "2018-09-13")
  private static let t4Card = Document("sysrqmts.com/en/gpus/nvidia/tesla/t4", "2018-09-13")
  private static let a40Sheet = Document("NVIDIA A40 data sheet, read at ecer.com", "2021")
  private static let l20Table = Document("arthurchiao.art, GPU performance (data sheets) quick reference", "2024-02-15")
  private static let nexus = Document("Nexus, arXiv 2507.06608, as sheet 078 has it", "2025-07")
  private static let rtx4090Table = Document("waredb.com/processor/nvidia-geforce-rtx-4090", "2022-10-12")
  private static let rtx4090Card = Document("holynerdvana.blogspot.com, RTX 4090 specifications", "2022-11-01")
  private static let deepSeek = Document("Insights into DeepSeek-V3, arXiv 2505.09343", "2025-05")
  private static let melange = Document("Mélange, arXiv 2404.14527, recalled in sheet 108", "2024-04")
  private static let melangeCode = Document(
    "github.com/tyler-griggs/melange-release melange/config/example.json", "2024")

  private static let a100Rates = a100Sheet.tera([
    .f64: 19.5, .f32: 19.5, .tf32: 156, .bf16: 312, .f16: 312, .int8: 624, .int4: 1248,
  ])
  private static let hopperRates: [Precision: Double] = [
    .f64: 66.9, .f32: 66.9, .tf32: 494.7, .bf16: 989.4, .f16: 989.4, .fp8: 1978.9, .int8: 1978.9,
  ]

  /// An H100 with slower 64-bit units and links.
  private static let h800Rates: [Precision: Figure] = {
    var rates = h100Sheet.tera(hopperRates)
    rates[.f64] = h100Sheet(1e12, "; one for the H800, recalled")
    // 385 · 10¹² operations a second are 38.94 % of it in the paper's table 4.
    rates[.bf16] = deepSeek(989.4e12, "; from its table 4, as the H100")
    return rates
  }()

  /// NVIDIA's accelerators, as the maker and those who copy its sheets publish them.
  static let nvidia: [CataloguedDevice] = a100 + hopper + others

  private static let a100: [CataloguedDevice] = [
    CataloguedDevice(
      Device(
        name: "A100-SXM-80GB", compute: a100Rates, memory: a100Sheet(80e9), bandwidth: a100Guide(2039e9),
        link: a100Sheet(300e9, "; NVLink 3"), power: a100Sheet(400), price: melangeCode(3.67)),
      aliases: ["A100", "A100-80GB", "A100-SXM", "A100-SXM4-80GB"]),
    CataloguedDevice(
      Device(
        name: "A100-SXM-40GB", compute: a100Rates, memory: a100Sheet(40e9), bandwidth: a100Sheet(1555e9),
        link: a100Sheet(300e9, "; NVLink 3"), power: a100Sheet(400)),
      aliases: ["A100-40GB", "A100-SXM4-40GB"]),
    // An A100 whose links are slower: 400 of 600 · 10⁹ bytes a second, both ways.
    CataloguedDevice(
      Device(
        name: "A800-SXM-80GB", compute: a100Rates, memory: a100Sheet(80e9, "; as the A100"),
        bandwidth: a100Guide(2039e9, "; as the A100"), link: a800Recalled(200e9, "; NVLink, half of 400"),
        power: a100Sheet(400, "; as the A100")),
      aliases: ["A800", "A800-80GB"],
      recalled: [
        "compute.f64", "compute.f32", "compute.tf32", "compute.bf16", "compute.f16", "compute.int8", "compute.int4",
        "memory", "bandwidth", "link", "power",
      ]),
    CataloguedDevice(
      Device(
        name: "A100-PCIe-80GB", compute: a100Rates, memory: a100Guide(80e9), bandwidth: a100Guide(1935e9),
        link: a100Sheet(32e9, "; PCIe 4 ×16"), power: a100Guide(300)),
      aliases: ["A100-PCIe"]),
    CataloguedDevice(
      Device(
        name: "A100-PCIe-40GB", compute: a100Rates, memory: a100Guide(40e9), bandwidth: a100Guide(1555e9),
        link: a100Sheet(32e9, "; PCIe 4 ×16"), power: a100Guide(250))),
  ]

  private static let hopper: [CataloguedDevice] = [
    CataloguedDevice(
      Device(
        name: "H100-SXM", compute: h100Sheet.tera(hopperRates), memory: h100Sheet(80e9), bandwidth: anandtech(3.35e12),
        link: h100Sheet(450e9, "; NVLink 4, half of 900"), power: h100Sheet(700), price: melange(7.516)),
      aliases: ["H100", "H100-80GB", "H100-SXM5", "H100-SXM-80GB"], recalled: ["price"]),
    CataloguedDevice(
      Device(
        name: "H100-PCIe",
        compute: h100Card.tera([
          .f64: 47.28, .f32: 51.22, .tf32: 378.23, .bf16: 756.45, .f16: 756.45, .fp8: 1510, .int8: 1510,
        ]), memory: h100Card(80e9), bandwidth: h100Brief(2.0e12, "; more than"),
        link: h100Sheet(64e9, "; PCIe 5 ×16, half of 128"), power: h100Brief(350)),
      aliases: ["H100-PCIe-80GB"]),
    CataloguedDevice(
      Device(
        name: "H800-SXM", compute: h800Rates, memory: h100Sheet(80e9, "; as the H100"),
        bandwidth: anandtech(3.35e12, "; as the H100"), link: deepSeek(200e9, "; NVLink, half of 400"),
        power: h100Sheet(700, "; as the H100")),
      aliases: ["H800", "H800-80GB"],
      recalled: [
        "compute.f64", "compute.f32", "compute.tf32", "compute.f16", "compute.fp8", "compute.int8", "memory",
        "bandwidth",
        "power",
      ]),
    CataloguedDevice(
      Device(
        name: "H200-SXM",
        compute: h200Article.tera([
          .f64: 67, .f32: 66.9, .tf32: 494.7, .bf16: 989, .f16: 989, .fp8: 1979, .int8: 1979,
        ]), memory: h200Article(141e9), bandwidth: h200Article(4.8e12),
        link: h200Article(450e9, "; NVLink 4, half of 900"), power: h200Article(700)),
      aliases: ["H200", "H200-141GB"], recalled: ["compute.f32", "compute.tf32", "compute.int8"]),
    CataloguedDevice(
      gh200("GH200-96GB", memory: 96e9, bandwidth: 4.0e12), aliases: ["GH200", "GH200-HBM3"]),
    CataloguedDevice(
      gh200("GH200-144GB", memory: 144e9, bandwidth: 4.9e12), aliases: ["GH200-HBM3e"]),
  ]

  private static func gh200(_ name: String, memory: Double, bandwidth: Double) -> Device {
    Device(
      name: name,
      compute: gh200Sheet.tera([
        .f64: 67, .f32: 67, .tf32: 494, .bf16: 990, .f16: 990, .fp8: 1979, .int8: 1979,
      ]), memory: gh200Sheet(memory), bandwidth: gh200Sheet(bandwidth),
      link: gh200Sheet(450e9, "; NVLink-C2C to the processor, half of 900"),
      power: gh200Sheet(1000, "; the module's upper setting, processor and memory included"))
  }

  private static let others: [CataloguedDevice] = [
    CataloguedDevice(
      Device(
        name: "L4",
        compute: l4Table.tera([.f32: 30.3, .tf32: 60, .bf16: 121, .f16: 121, .fp8: 242, .int8: 242]),
        memory: l4Card(24e9), bandwidth: l4Card(300e9), power: l4Card(72), price: melange(0.70)),
      recalled: ["price"]),
    CataloguedDevice(
      Device(
        name: "A10G", compute: a10gRecalled.tera([.f32: 35, .tf32: 35, .bf16: 70, .f16: 70, .int8: 140]),
        memory: a10gArticle(24e9), bandwidth: a10gArticle(600e9), power: a10gRecalled(300), price: melange(1.01)),
      recalled: [
        "compute.f32", "compute.tf32", "compute.bf16", "compute.f16", "compute.int8", "power", "price",
      ]),
    CataloguedDevice(
      Device(
        name: "T4", compute: t4News.tera([.f32: 8.1, .f16: 65, .int8: 130, .int4: 260]), memory: t4Card(16e9),
        bandwidth: t4Card(320e9), power: t4Card(70)),
      aliases: ["Tesla-T4"]),
    CataloguedDevice(
      Device(
        name: "A40",
        compute: a40Sheet.tera([.f32: 37.4, .tf32: 74.8, .bf16: 149.7, .f16: 149.7, .int8: 299.3, .int4: 598.7]),
        memory: a40Sheet(48e9), bandwidth: a40Sheet(696e9), link: a40Sheet(56.25e9, "; NVLink, half of 112.5"),
        power: a40Sheet(300))),
    CataloguedDevice(
      Device(
        name: "L20",
        compute: l20Table.tera([.f32: 59.8, .tf32: 59.8, .int8: 239]).merging(
          nexus.tera([.bf16: 119.5, .f16: 119.5]), uniquingKeysWith: { first, _ in first }),
        memory: l20Table(48e9), bandwidth: l20Table(864e9), power: l20Table(275)),
      aliases: ["NVIDIA-L20"]),
    CataloguedDevice(
      Device(
        name: "RTX-4090",
        compute: rtx4090Table.tera([
          .f64: 1.29, .f32: 82.58, .tf32: 82.58, .bf16: 165.15, .f16: 165.15, .fp8: 330.3, .int8: 660.6,
          .int4: 1321.21,
        ]), memory: rtx4090Table(24e9), bandwidth: rtx4090Table(1008e9), power: rtx4090Card(450)),
      aliases: ["4090", "GeForce-RTX-4090"]),
  ]
}
