import Formats
import NumericTypes
import Tensors
import Testing
import Training
import VenturiTesting

@Suite("Augmentation of images") struct AugmentationTests {
  private let context = Context(threads: 1)

  private func image(_ channels: Int = 2, _ height: Int = 6, _ width: Int = 5) -> Tensor {
    context.tensor((0..<channels * height * width).map { Float($0 + 1) }, [channels, height, width])
  }

  private func apply(_ steps: [ImageAugmentation.Step], _ image: Tensor, index: Int = 0, epoch: Int = 0) throws
    -> [Float]
  {
    try ImageAugmentation(steps, seed: 5)
      .applied(to: image, index: index, epoch: epoch, allocator: context.allocator).floats
  }

  @Test("A crop is one of the shifted images, and each of them occurs") func crops() throws {
    let image = image()
    let (channels, height, width) = (2, 6, 5)
    var shifts: [[Float]: [Int]] = [:]
    for down in -2...2 {
      for right in -2...2 {
        var shifted: [Float] = []
        for c in 0..<channels {
          for y in 0..<height {
            for x in 0..<width {
              let isInside = (0..<height).contains(y + down) && (0..<width).contains(x + right)
              shifted.append(isInside ? image.floats[(c * height + y + down) * width + x + right] : 0)
            }
          }
        }
        shifts[shifted] = [down, right]
      }
    }
    #expect(shifts.count == 25)
    var seen: Set<[Int]> = []
    for index in 0..<400 { seen.insert(try #require(shifts[try apply([.crop(padding: 2)], image, index: index)])) }
    #expect(seen.count == 25)
    #expect(try apply([.crop(padding: 0)], image) == image.floats)
  }

  @Test("About every other image is mirrored, each row of it") func flips() throws {
    let image = image()
    let mirrored = stride(from: 0, to: 60, by: 5).flatMap { image.floats[$0..<$0 + 5].reversed() }
    var flips = 0
    for index in 0..<400 {
      let result = try apply([.horizontalFlip], image, index: index)
      if result == mirrored { flips += 1 } else { #expect(result == image.floats) }
    }
    #expect((140...260).contains(flips))
  }

  @Test("What is cut out is a square in all channels, at most of its side") func cuts() throws {
    let image = image()
    var sizes: Set<Int> = []
    for index in 0..<300 {
      let result = try apply([.cutout(side: 3)], image, index: index)
      let holes = result.indices.filter { result[$0] == 0 }
      let first = holes.filter { $0 < 30 }
      #expect(holes == first + first.map { $0 + 30 })
      let (rows, columns) = (Set(first.map { $0 / 5 }), Set(first.map { $0 % 5 }))
      #expect(rows.count <= 3 && columns.count <= 3 && first.count == rows.count * columns.count && !first.isEmpty)
      sizes.insert(first.count)
      #expect(result.indices.allSatisfy { result[$0] == 0 || result[$0] == image.floats[$0] })
    }
    #expect(sizes.isSuperset(of: [4, 6, 9]))
    #expect(try apply([.cutout(side: 0)], image) == image.floats)
    #expect(try apply([.cutout(side: 99)], image).allSatisfy { $0 == 0 })
  }

  @Test func normalizing() throws {
    let image = image(2, 1, 2)
    #expect(try apply([.normalize(mean: [1, 2], deviation: [1, 4])], image) == [0, 1, 0.25, 0.5])
    #expect(try apply([.normalize(mean: [1], deviation: [2])], image) == [0, 0.5, 1, 1.5])
  }

  @Test("The same image in the same epoch is changed alike, another or elsewhere is not") func keys() throws {
    let steps: [ImageAugmentation.Step] = [.crop(padding: 4), .horizontalFlip, .cutout(side: 2)]
    let image = image(1, 16, 16)
    var results: Set<[Float]> = []
    for index in 0..<20 {
      for epoch in 0..<5 {
        let result = try apply(steps, image, index: index, epoch: epoch)
        #expect(try apply(steps, image, index: index, epoch: epoch) == result)
        results.insert(result)
      }
    }
    #expect(results.count >= 99)
    // The image itself is left as it was.
    #expect(image.floats == (1...256).map { Float($0) })
  }

  @Test("Batches of changed images do not depend on threads, and a resumed run sees the same") func loaders() throws {
    let pixels = NumberArray.bytes((0..<40 * 64).map { UInt8(truncatingIfNeeded: $0 &* 37) }, [40, 8, 8])
    let labels = NumberArray.bytes((0..<40).map { UInt8($0 % 10) }, [40])
    let source = try LabeledImages(images: pixels, labels: labels, classes: 10)
      .augmented(ImageAugmentation([.crop(padding: 2), .horizontalFlip, .cutout(side: 3)], seed: 3))
    func loader(_ threads: Int, from state: DataLoaderState? = nil) throws -> DataLoader<some DataSource, ImageBatch> {
      var options = DataLoaderOptions(batch: 16)
      options.threads = threads
      let allocator = context.allocator
      return try DataLoader(source, options: options, from: state) { try ImageBatch($0, allocator: allocator) }
    }
    func take(_ loader: DataLoader<some DataSource, ImageBatch>, _ calls: Int) throws -> [[Float]] {
      try (0..<calls).map { _ in try loader.next().map { $0.images.floats + $0.labels.map { Float($0) } } ?? [] }
    }
    let whole = try take(loader(0), 12)
    let sizes = [16 * 65, 16 * 65, 8 * 65, 0]
    #expect(whole.map(\.count) == sizes + sizes + sizes)
    #expect(Set(whole).count == 10)
    for threads in [1, 3] { #expect(try take(loader(threads), 12) == whole) }
    for stop in 0..<8 {
      let first = try loader(2)
      _ = try take(first, stop)
      #expect(try take(loader(1, from: first.state), 4) == Array(whole[stop..<stop + 4]))
    }
  }

  @Test func whatDoesNotFitIsRefusedByName() throws {
    let steps: [ImageAugmentation.Step] = [
      .crop(padding: -1), .crop(padding: .max), .cutout(side: -1), .cutout(side: .max),
      .normalize(mean: [], deviation: []), .normalize(mean: [1], deviation: [1, 2]),
      .normalize(mean: [1], deviation: [0]), .normalize(mean: [.nan], deviation: [1]),
      .normalize(mean: [1], deviation: [.infinity]),
    ]
    for step in steps { #expect(throws: DataError.self, "\(step)") { try ImageAugmentation([step]) } }
    let many = [ImageAugmentation.Step](repeating: .horizontalFlip, count: 65)
    #expect(throws: DataError.self) { try ImageAugmentation(many) }
    #expect(throws: DataError.self) { try apply([.normalize(mean: [1, 2, 3], deviation: [1, 1, 1])], image()) }
    #expect(throws: DataError.self) { try apply([], context.tensor([1, 2], [1, 2])) }
    #expect(throws: DataError.self) { try apply([], image().transposed(1, 2)) }
    let pixels = NumberArray.bytes([1, 2, 3, 4], [1, 2, 2])
    let label = NumberArray.bytes([3], [1])
    for (images, labels, classes) in [
      (pixels, label, 3), (pixels, NumberArray.bytes([1, 2], [2]), 10), (label, label, 10), (pixels, pixels, 10),
    ] { #expect(throws: DataError.self) { try LabeledImages(images: images, labels: labels, classes: classes) } }
    let images = try LabeledImages(images: pixels, labels: label, classes: 4)
    #expect(try images.element(at: 0, epoch: 0).image.floats == [1, 2, 3, 4].map { $0 / 255 })
    let other = LabeledImage(image: image(), label: 0)
    #expect(throws: DataError.self) {
      try ImageBatch([images.element(at: 0, epoch: 0), other], allocator: context.allocator)
    }
  }
}

extension NumberArray {
  /// An array of bytes of a shape that fits them.
  fileprivate static func bytes(_ bytes: [UInt8], _ shape: [Int]) -> NumberArray {
    do { return try NumberArray(type: .uint8, shape: shape, bytes: ByteView(copying: bytes)) } catch {
      preconditionFailure("\(error)")
    }
  }
}
