import ConfigurationFiles
import Formats
import Images
import NumericTypes
import Tensors
import Training
import Venturi

/// Images with a class each, ready to be learned from.
struct ImageData {
  var parts: Parts<LabeledImage>
  /// [C, H, W]
  var shape: Shape
  var classes: Int
}

extension ImageSettings {
  /// The mean and deviation of Fashion-MNIST's training pixels, from 0 to 1.
  private static let (mean, deviation): (Float, Float) = (0.2860, 0.3530)

  /// Those of photographs, as ImageNet's are usually given: grey, and red, green, blue.
  private static let grey: (mean: Float, deviation: Float) = (0.449, 0.226)
  private static let colours: (mean: [Float], deviation: [Float]) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])

  /// Reads the data.
  ///
  /// - Throws: `DataError`; ``ConfigurationError``.
  func load(allocator: Allocator, seed: UInt64) throws -> ImageData {
    switch source {
    case .fashionMNIST(let given):
      let folder = try given ?? ModelHome().dataFolder(of: "fashion-mnist")
      let training = try LabeledImages.fashionMNIST(folder: folder, isTraining: true, allocator: allocator)
      let validation = try LabeledImages.fashionMNIST(folder: folder, isTraining: false, allocator: allocator)
      let parts = try changed(
        Parts(training: Elements(training), validation: Elements(validation)), [Self.mean], [Self.deviation], seed,
        allocator)
      return ImageData(parts: parts.limited(limit), shape: training.shape, classes: training.classes)
    case .folder(let folder):
      let all = try folder.images(folder.path, classes: nil, allocator)
      let mean = folder.channels == 1 ? [Self.grey.mean] : Self.colours.mean
      let deviation = folder.channels == 1 ? [Self.grey.deviation] : Self.colours.deviation
      let parts = try changed(folder.parts(of: all, allocator), mean, deviation, seed, allocator)
      return ImageData(parts: parts.limited(limit), shape: all.shape, classes: max(2, all.classes.count))
    case .csv(let path, let label, let validation, let seed):
      return try Self.table(path, label, validation, seed, limit, allocator)
    case .table(let known, let side, let folder, let validation, let seed):
      let table = try known.read(folder: try folder ?? ModelHome().dataFolder(of: known.rawValue))
      guard known == .digits else {
        return try parts(table, validation, seed, standardizes: true, [1, 1, table.columns])
      }
      let images = table.scaled(by: 1 / 16)
      guard let side else { return try parts(images, validation, seed, standardizes: false, [1, 8, 8]) }
      let large = try images.enlarged(side: 8, to: side, distractors: side * side / 10, seed: seed)
      return try parts(large, validation, seed, standardizes: false, [1, side, side])
    case .curves(let validation, let seed):
      let table = try MNIST1D().table(seed: seed)
      return try parts(table, validation, seed, standardizes: false, [1, 1, table.columns])
    }
  }

  /// The images brought to mean 0 and deviation 1, those learned from changed at random first.
  private func changed(
    _ parts: Parts<LabeledImage>, _ mean: [Float], _ deviation: [Float], _ seed: UInt64, _ allocator: Allocator
  ) throws -> Parts<LabeledImage> {
    let plain = try ImageAugmentation([.normalize(mean: mean, deviation: deviation)], seed: seed)
    let random = try ImageAugmentation(
      (crop > 0 ? [.crop(padding: crop)] : []) + (flips ? [.horizontalFlip] : [])
        + (cutout > 0 ? [.cutout(side: cutout)] : []) + plain.steps, seed: seed)
    return Parts(
      training: Elements(parts.training.mapped(Self.change(random, allocator))),
      validation: Elements(parts.validation.mapped(Self.change(plain, allocator))))
  }

  /// The rows of a table in an order of the seed's, the last ones held out.
  private func parts(
    _ table: NumberTable, _ validation: Double, _ seed: UInt64, standardizes: Bool, _ shape: Shape
  ) throws -> ImageData {
    let cut = try table.split([1 - validation], seed: seed)
    let parts = standardizes ? cut.map { $0.standardized(by: cut[0]) } : cut
    return ImageData(
      parts: Parts(
        training: Elements(try parts[0].labeledImages(shape: shape)),
        validation: Elements(try parts[1].labeledImages(shape: shape))
      ).limited(limit), shape: shape, classes: table.classNames.count)
  }

  private static func change(
    _ augmentation: ImageAugmentation, _ allocator: Allocator
  ) -> @Sendable (LabeledImage, Int, Int) throws -> LabeledImage {
    { element, index, epoch in
      LabeledImage(
        image: try augmentation.applied(to: element.image, index: index, epoch: epoch, allocator: allocator),
        label: element.label)
    }
  }

  /// The rows of a table in an order that depends on the seed, their columns brought to mean 0 and deviation 1 by the
  /// training rows'.
  private static func table(
    _ path: String, _ label: String, _ share: Double, _ seed: UInt64, _ limit: Int?, _ allocator: Allocator
  ) throws -> ImageData {
    let storage = try Storage(mapping: path)
    let file = try storage.reading { try CSVFile(ByteView(copying: storage.bytes)) }
    let column = try file.column(named: label)
    let (names, labels) = try file.classes(column: column, limit: 1 << 12)
    let order = Permutation(count: file.rows, seed: seed, epoch: 0)
    let held = Int(share * Double(file.rows))
    let training = file.rows - held
    let features = (0..<file.columns).filter { $0 != column }
    guard training > 0, !features.isEmpty else {
      throw ConfigurationError.invalid(
        field: "data.path", value: path, expected: "a table with rows to learn from and a column beside '\(label)'")
    }
    var rows = [[Float]](repeating: [], count: file.rows)
    for feature in features {
      let values = try file.numbers(column: feature)
      let known = (0..<training).map { values[order[$0]] }
      let mean = known.reduce(0, +) / Double(training)
      let variance = known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(training)
      let scale = variance > 0 && variance.isFinite ? 1 / variance.squareRoot() : 1
      for place in 0..<file.rows { rows[place].append(Float((values[order[place]] - mean) * scale)) }
    }
    let shape: Shape = [1, 1, features.count]
    var elements: [LabeledImage] = []
    for (place, values) in rows.enumerated() {
      let storage = try Storage(byteCount: 4 * values.count, allocator: allocator)
      let image = try Tensor(storage: storage, dtype: .f32, shape: shape)
      image.pointer(as: Float.self).update(from: values, count: values.count)
      elements.append(LabeledImage(image: image, label: labels[order[place]]))
    }
    let source = ArraySource(elements)
    let parts = Parts(
      training: Elements(source, 0..<training), validation: Elements(source, training..<file.rows))
    return ImageData(parts: parts.limited(limit), shape: shape, classes: max(2, names.count))
  }
}

extension ImageFolderSettings {
  func images(_ path: String, classes: [String]?, _ allocator: Allocator) throws -> ImageFolder {
    try ImageFolder(
      path, classes: classes, height: height, width: width, channels: channels, allocator: allocator)
  }

  /// What is learned from and what is held out: another folder's images, or a share in an order that depends on the seed.
  func parts(of all: ImageFolder, _ allocator: Allocator) throws -> Parts<LabeledImage> {
    if let heldOut {
      let held = try images(heldOut, classes: all.classes, allocator)
      return Parts(training: Elements(all), validation: Elements(held))
    }
    let training = all.count - Int(share * Double(all.count))
    let order = Permutation(count: all.count, seed: seed, epoch: 0)
    let shuffled = ReorderedSource(all, order)
    return Parts(training: Elements(shuffled, 0..<training), validation: Elements(shuffled, training..<all.count))
  }
}
