# Prints the access key id that botocore's default chain resolves, or what it says.
import botocore.session
try:
    c = botocore.session.Session().get_credentials()
    print(c.get_frozen_credentials().access_key if c else "none")
except Exception as e:
    print("error", type(e).__name__)
