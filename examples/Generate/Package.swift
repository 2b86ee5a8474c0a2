// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Generate",
  dependencies: [.package(name: "venturi", path: "../..")],
  targets: [.executableTarget(name: "Generate", dependencies: [.product(name: "Venturi", package: "venturi")])]
)
