import CImages

extension PixelImage {
  static func png(_ file: UnsafeRawBufferPointer, _ path: String, _ channels: Int) throws(ImageError) -> PixelImage {
    var image = venturi_png()
    defer { png_image_free(&image) }
    guard png_image_begin_read_from_memory(&image, file.baseAddress, file.count) != 0 else {
      throw .damaged(path: path, problem: message(&image))
    }
    let (width, height) = (Int(image.width), Int(image.height))
    try check(width, height, path)
    image.format = venturi_png_format(Int32(channels))
    // Those of 16 bits are not linear unless they say so.
    image.flags |= png_uint_32(PNG_IMAGE_FLAG_16BIT_sRGB)
    var isWhole = false
    let bytes = [UInt8](unsafeUninitializedCapacity: width * height * channels) { buffer, count in
      var black = png_color(red: 0, green: 0, blue: 0)
      isWhole = png_image_finish_read(&image, &black, buffer.baseAddress, 0, nil) != 0
      count = isWhole ? width * height * channels : 0
    }
    guard isWhole else { throw .damaged(path: path, problem: message(&image)) }
    return PixelImage(width: width, height: height, channels: channels, bytes: bytes)
  }

  private static func message(_ image: inout png_image) -> String {
    let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 80) { buffer -> String in
      buffer.initialize(repeating: 0)
      venturi_png_message(&image, buffer.baseAddress, 80)
      return buffer.baseAddress.map { String(cString: $0) } ?? ""
    }
    return text.isEmpty ? "no whole PNG image" : "PNG: \(text)"
  }
}
