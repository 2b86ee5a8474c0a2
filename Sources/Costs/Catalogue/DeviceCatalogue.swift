import NumericTypes

/// Devices by name: every hardware figure once, with its source and date.
///
/// Rates are dense ones: makers also print twice as much for matrices with half of their elements zero. Where a device
/// has matrix units for a format, theirs is the rate; NVIDIA's `f32` is the vector units' and `tf32` the matrix units'.
/// Gigabytes are 10⁹ bytes, as the makers print them. A link is one direction of what joins the device to its
/// neighbours: NVLink or Infinity Fabric where there is one, else PCIe.
public struct DeviceCatalogue: Sendable {
  /// The devices, in the order in which they are listed.
  public private(set) var entries: [CataloguedDevice]

  /// A catalogue of `entries`; of two with the same name the later counts.
  public init(_ entries: [CataloguedDevice] = []) {
    self.entries = []
    for entry in entries { add(entry) }
  }

  /// What the makers publish of the accelerators that the systems use.
  public static let published = DeviceCatalogue(nvidia + amd)

  /// Adds a device, for instance this machine, or takes the place of the one with its name.
  public mutating func add(_ entry: CataloguedDevice) {
    let name = Self.folded(entry.device.name)
    entries.removeAll { Self.folded($0.device.name) == name }
    entries.append(entry)
  }

  /// The entry with this name or alias; case, spaces, hyphens and underscores do not count.
  ///
  /// - Throws: ``CostsError/unknownDevice(_:nearest:)``.
  public func entry(_ name: String) throws(CostsError) -> CataloguedDevice {
    let asked = Self.folded(name)
    // Names before aliases, so that an added device may take an alias of another for its name.
    if let entry = entries.last(where: { Self.folded($0.device.name) == asked }) { return entry }
    if let entry = entries.first(where: { $0.aliases.contains { Self.folded($0) == asked } }) { return entry }
    throw .unknownDevice(name, nearest: nearest(asked))
  }

  /// The device with this name or alias; case, spaces, hyphens and underscores do not count.
  ///
  /// - Throws: ``CostsError/unknownDevice(_:nearest:)``.
  public func device(_ name: String) throws(CostsError) -> Device { try entry(name).device }

  /// Up to three names of devices that have a name or an alias like `asked`.
  private func nearest(_ asked: String) -> [String] {
    var found: [(distance: Int, order: Int)] = []
    for (order, entry) in entries.enumerated() {
      let names = ([entry.device.name] + entry.aliases).map(Self.folded)
      guard let distance = names.map({ NearestWord.distance($0, asked) }).min() else { continue }
      // A part of a name is as good as a slip of two letters.
      let contains = asked.count > 1 && names.contains { $0.contains(asked) || asked.contains($0) }
      if contains || distance <= asked.count / 3 { found.append((contains ? min(distance, 2) : distance, order)) }
    }
    return found.sorted { $0 < $1 }.prefix(3).map { entries[$0.order].device.name }
  }

  private static func folded(_ name: String) -> String {
    String(name.lowercased().filter { $0 != " " && $0 != "-" && $0 != "_" })
  }
}
