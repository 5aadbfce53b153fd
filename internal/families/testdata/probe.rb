# Prints the access key id that the AWS SDK for Ruby resolves, or what it says.
require "aws-sdk-s3"
# It takes the port 80, whatever the variable for the endpoint of the metadata service says.
class Aws::CredentialProviderChain
  prepend(Module.new { def instance_profile_credentials(options) = super(options.merge(port: URI(ENV["AWS_EC2_METADATA_SERVICE_ENDPOINT"]).port)) })
end
begin
  Aws.config.update(sts: { endpoint: ENV["AWS_ENDPOINT_URL_STS"] }) # Debian's knows no variable for it
  found = Aws::S3::Client.new.config.credentials
  puts found&.set? ? found.credentials.access_key_id : "none"
rescue StandardError => e
  puts "error #{e.class}"
end
